package dev.outrun.engine.schedule;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.schedule.Occurrences;
import dev.outrun.schema.schedule.ScheduleSettings;
import dev.outrun.schema.work.Decision;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A schedule as its log has said it is, and what follows from it at a time.
 *
 * @param log the log
 * @param seq the last event seen there
 * @param changed the event that the settings are of
 * @param after occurrences later than this are still to come
 */
public record Schedule(
        RunId log, long seq, long changed, ScheduleSettings settings, Instant after) {

    /** An occurrence that was due longer ago was missed, even if it is the only one. */
    private static final Duration LATE = Duration.ofMinutes(1);

    /** Missed occurrences are counted up to here: a cron's are looked for one by one. */
    private static final int COUNTED_MAX = 10_000;

    /**
     * What an event says of a schedule from then on.
     *
     * @throws IllegalArgumentException if these are no times at which it could fire
     */
    public static Schedule changed(RunId log, long seq, ScheduleSettings settings) {
        Occurrences.of(settings); // refused here, where the event can be named
        return new Schedule(log, seq, seq, settings, settings.after());
    }

    /** The occurrences up to this one have fired, or were passed over. */
    public Schedule passed(long atSeq, Instant at) {
        return new Schedule(log, atSeq, changed, settings, at);
    }

    /** When there is something to decide; null: never. */
    public @Nullable Instant next() {
        return next(Occurrences.of(settings));
    }

    private @Nullable Instant next(Occurrences occurrences) {
        return settings.paused() ? null : occurrences.next(after);
    }

    /** What to record by now; null: nothing. */
    public @Nullable Decision due(Instant now) {
        Occurrences occurrences = Occurrences.of(settings);
        Instant first = next(occurrences);
        Instant last = occurrences.last(now);
        if (first == null || first.isAfter(now) || last == null) {
            return null;
        }
        return switch (settings.catchUp()) {
            case ALL -> new Decision.Fire(log.toString(), changed, first, 0);
            case ONE ->
                    new Decision.Fire(
                            log.toString(), changed, last, missed(occurrences, first, last));
            case SKIP -> {
                long missed = missed(occurrences, first, last);
                yield now.isAfter(last.plus(LATE))
                        ? new Decision.Skip(log.toString(), changed, last, missed + 1)
                        : new Decision.Fire(log.toString(), changed, last, missed);
            }
        };
    }

    /** How many were due before the last. */
    private static long missed(Occurrences occurrences, Instant first, Instant last) {
        return first.equals(last) ? 0 : occurrences.count(first, last, COUNTED_MAX);
    }
}
