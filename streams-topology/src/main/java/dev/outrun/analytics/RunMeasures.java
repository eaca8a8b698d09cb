package dev.outrun.analytics;

import dev.outrun.schema.analytics.Counter;
import dev.outrun.schema.analytics.Timing;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.event.PlatformEvent;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What each event of a run means, by the run's events before it. Pure; a user's data is never
 * looked at, and of the platform's only that of a request and of a retry.
 */
final class RunMeasures {

    private RunMeasures() {}

    /**
     * A run's first event.
     *
     * @throws IllegalArgumentException if its data cannot be read
     */
    static Measure opened(Event event) {
        if (!(PlatformEvent.of(event.type(), event.data())
                instanceof PlatformEvent.Requested requested)) {
            throw new IllegalArgumentException("a run begins with " + event.type());
        }
        RunTrack run =
                new RunTrack(
                        Series.of(requested),
                        event.seq(),
                        event.time(),
                        later(event.time(), requested.runAt()),
                        0,
                        null,
                        null);
        return new Measure(run, Counter.REQUESTED, null, null);
    }

    /**
     * An event after that; the run is open.
     *
     * @throws IllegalArgumentException if its data cannot be read
     */
    static Measure followed(RunTrack run, Event event) {
        return switch (event.type()) {
            case EventTypes.ATTEMPT_STARTED -> started(run, event);
            case EventTypes.RETRY_SCHEDULED -> retried(run, event);
            case EventTypes.COMPLETED -> closed(run, event, Counter.COMPLETED);
            case EventTypes.FAILED -> closed(run, event, Counter.FAILED);
            case EventTypes.CANCELLED -> closed(run, event, Counter.CANCELLED);
            default -> other(run, event);
        };
    }

    private static Measure started(RunTrack run, Event event) {
        RunTrack after =
                new RunTrack(
                        run.series(),
                        event.seq(),
                        run.requestedAt(),
                        null,
                        event.attempt(),
                        event.time(),
                        null);
        return timed(after, Counter.STARTED, Timing.QUEUE_WAIT, run.dueAt(), event);
    }

    private static Measure retried(RunTrack run, Event event) {
        if (!(PlatformEvent.of(event.type(), event.data())
                instanceof PlatformEvent.RetryScheduled(_, var at))) {
            throw new IllegalArgumentException("no retry: " + event.type());
        }
        RunTrack after =
                new RunTrack(
                        run.series(),
                        event.seq(),
                        run.requestedAt(),
                        at,
                        run.attempt(),
                        run.startedAt(),
                        null);
        return new Measure(after, Counter.RETRIED, null, null);
    }

    private static Measure closed(RunTrack run, Event event, Counter counter) {
        RunTrack after =
                new RunTrack(
                        run.series(),
                        event.seq(),
                        run.requestedAt(),
                        null,
                        run.attempt(),
                        null,
                        event.time());
        return timed(after, counter, Timing.DURATION, run.requestedAt(), event);
    }

    private static Measure other(RunTrack run, Event event) {
        boolean first =
                run.startedAt() != null
                        && event.attempt() == run.attempt()
                        && !event.type().startsWith(EventTypes.RESERVED_PREFIX);
        RunTrack after =
                new RunTrack(
                        run.series(),
                        event.seq(),
                        run.requestedAt(),
                        run.dueAt(),
                        run.attempt(),
                        first ? null : run.startedAt(),
                        null);
        return timed(after, null, Timing.FIRST_EVENT, first ? run.startedAt() : null, event);
    }

    /** From an instant to the event; where there is none, nothing was measured. */
    private static Measure timed(
            RunTrack after,
            @Nullable Counter counter,
            Timing timing,
            @Nullable Instant from,
            Event event) {
        return from == null
                ? new Measure(after, counter, null, null)
                : new Measure(after, counter, timing, Duration.between(from, event.time()));
    }

    private static Instant later(Instant one, @Nullable Instant other) {
        return other == null || other.isBefore(one) ? one : other;
    }
}
