package dev.outrun.schema.schedule;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * When a schedule starts its run, and the data of {@link
 * dev.outrun.schema.event.EventTypes#SCHEDULE_CHANGED}.
 *
 * @param tenant whose it is
 * @param schedule its name, the tenant's own
 * @param cron minute, hour, day of the month, month, day of the week; null where it is by interval
 * @param timeZone where the cron's clock hangs; null where there is no cron
 * @param everyMs the interval, milliseconds; null where it is by cron
 * @param startsAt not before this time; an interval counts from it, and is never without
 * @param endsAt not after this time; null is for ever
 * @param catchUp what becomes of occurrences that were missed
 * @param after occurrences later than this are still to come
 */
public record ScheduleSettings(
        String tenant,
        String schedule,
        @Nullable String cron,
        @Nullable String timeZone,
        @Nullable Long everyMs,
        @Nullable Instant startsAt,
        @Nullable Instant endsAt,
        CatchUp catchUp,
        boolean paused,
        Instant after) {

    public ScheduleSettings {
        Objects.requireNonNull(tenant, "tenant");
        Objects.requireNonNull(schedule, "schedule");
        Objects.requireNonNull(catchUp, "catchUp");
        Objects.requireNonNull(after, "after");
    }

    /** What becomes of the occurrences that are due together, because nobody saw to them sooner. */
    public enum CatchUp {
        /** They are passed over, unless the latest is less than a minute late: that one fires. */
        @JsonProperty("skip")
        SKIP,
        /** The latest fires. */
        @JsonProperty("one")
        ONE,
        /** All fire, in their order. */
        @JsonProperty("all")
        ALL
    }
}
