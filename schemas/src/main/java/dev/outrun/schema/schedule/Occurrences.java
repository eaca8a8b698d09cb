package dev.outrun.schema.schedule;

import com.cronutils.model.definition.CronDefinition;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import org.jspecify.annotations.Nullable;

/**
 * The times at which a schedule fires, paused or not.
 *
 * <p>A cron's clock is its time zone's: on the day that has no such time, because the clocks go
 * forward over it, there is no occurrence; a time that comes twice is one occurrence, unless the
 * hour is {@code *} or a range: then it goes on through both. Where both days are restricted,
 * either of them will do.
 */
public sealed interface Occurrences {

    /**
     * A schedule's.
     *
     * @throws IllegalArgumentException if its cron, time zone or interval is none
     */
    static Occurrences of(ScheduleSettings settings) {
        Long everyMs = settings.everyMs();
        Instant startsAt = settings.startsAt();
        String cron = settings.cron();
        String timeZone = settings.timeZone();
        Occurrences unbounded;
        if (cron != null && timeZone != null && everyMs == null) {
            unbounded = Cron.of(cron, timeZone);
        } else if (everyMs != null && everyMs > 0 && startsAt != null && cron == null) {
            unbounded = new Interval(startsAt, Duration.ofMillis(everyMs));
        } else {
            throw new IllegalArgumentException(
                    "schedule "
                            + settings.schedule()
                            + " has neither a cron and its time zone nor an interval and its start");
        }
        return new Bounded(unbounded, startsAt, settings.endsAt());
    }

    /** The first that is later than this; null: there is none. */
    @Nullable Instant next(Instant after);

    /** The last that is not later than this; null: there is none. */
    @Nullable Instant last(Instant until);

    /** How many are later than the one and not later than the other; counted up to so many. */
    default long count(Instant after, Instant until, long most) {
        long count = 0;
        for (Instant next = next(after);
                next != null && !next.isAfter(until) && count < most;
                next = next(next)) {
            count++;
        }
        return count;
    }

    /** By the clock on the wall somewhere. */
    final class Cron implements Occurrences {

        private static final CronDefinition FIELDS =
                CronDefinitionBuilder.defineCron()
                        .withMinutes()
                        .withStrictRange()
                        .and()
                        .withHours()
                        .withStrictRange()
                        .and()
                        .withDayOfMonth()
                        .withStrictRange()
                        .and()
                        .withMonth()
                        .withStrictRange()
                        .and()
                        .withDayOfWeek()
                        .withValidRange(0, 7)
                        .withMondayDoWValue(1)
                        .withIntMapping(7, 0)
                        .withStrictRange()
                        .and()
                        .withSupportedNicknameHourly()
                        .withSupportedNicknameDaily()
                        .withSupportedNicknameWeekly()
                        .withSupportedNicknameMonthly()
                        .withSupportedNicknameYearly()
                        .instance();

        private final ExecutionTime times;
        private final ZoneId zone;

        private Cron(ExecutionTime times, ZoneId zone) {
            this.times = times;
            this.zone = zone;
        }

        private static Cron of(String cron, String timeZone) {
            try {
                return new Cron(
                        ExecutionTime.forCron(new CronParser(FIELDS).parse(cron)),
                        ZoneId.of(timeZone));
            } catch (DateTimeException e) {
                throw new IllegalArgumentException("no time zone: " + timeZone, e);
            }
        }

        @Override
        public @Nullable Instant next(Instant after) {
            return times.nextExecution(after.atZone(zone))
                    .map(ZonedDateTime::toInstant)
                    .orElse(null);
        }

        @Override
        public @Nullable Instant last(Instant until) {
            return times.lastExecution(until.plusNanos(1).atZone(zone))
                    .map(ZonedDateTime::toInstant)
                    .orElse(null);
        }
    }

    /** Every so often. */
    record Interval(Instant first, Duration period) implements Occurrences {

        @Override
        public Instant next(Instant after) {
            return after.isBefore(first) ? first : at(passed(after) + 1);
        }

        @Override
        public @Nullable Instant last(Instant until) {
            return until.isBefore(first) ? null : at(passed(until));
        }

        @Override
        public long count(Instant after, Instant until, long most) {
            long count =
                    (until.isBefore(first) ? 0 : passed(until) + 1)
                            - (after.isBefore(first) ? 0 : passed(after) + 1);
            return Math.clamp(count, 0, most);
        }

        private long passed(Instant time) {
            return Duration.between(first, time).dividedBy(period);
        }

        private Instant at(long number) {
            return first.plus(period.multipliedBy(number));
        }
    }

    /** Those of others that are between two times, both included. */
    record Bounded(Occurrences all, @Nullable Instant from, @Nullable Instant until)
            implements Occurrences {

        @Override
        public @Nullable Instant next(Instant after) {
            Instant beforeFirst = from == null ? after : from.minusNanos(1);
            Instant next = all.next(after.isBefore(beforeFirst) ? beforeFirst : after);
            return next == null || (until != null && next.isAfter(until)) ? null : next;
        }

        @Override
        public @Nullable Instant last(Instant time) {
            Instant last = all.last(until != null && until.isBefore(time) ? until : time);
            return last == null || (from != null && last.isBefore(from)) ? null : last;
        }

        @Override
        public long count(Instant after, Instant time, long most) {
            Instant first = from == null || !after.isBefore(from) ? after : from.minusNanos(1);
            return all.count(first, until != null && until.isBefore(time) ? until : time, most);
        }
    }
}
