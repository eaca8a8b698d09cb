package dev.outrun.ledger;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.schedule.ScheduleSettings;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A schedule as it is.
 *
 * @param log the id of its log: {@code schedule.changed}, {@code schedule.fired}, {@code
 *     schedule.skipped}, {@code schedule.deleted}
 * @param run JSON text: what it starts
 * @param lastAt the last occurrence that has fired; null before the first
 * @param lastRun the run it has started; null where it could not
 */
public record ScheduleState(
        ScheduleSettings settings,
        RunId log,
        String run,
        @Nullable Instant lastAt,
        @Nullable RunId lastRun,
        Instant createdAt,
        Instant updatedAt) {}
