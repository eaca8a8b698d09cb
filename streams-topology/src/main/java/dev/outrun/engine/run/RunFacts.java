package dev.outrun.engine.run;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.PlatformEvent;
import dev.outrun.schema.event.RetryPolicy;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.work.RunView;
import dev.outrun.schema.work.Task;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a run's log has said so far, whatever the state.
 *
 * @param request what its first event asked for
 * @param status what its last platform event made it
 * @param attempt the attempt that may write, or wrote last; 0 before the first
 * @param failures attempts that its handler failed
 * @param lost attempts that ended through no fault of the handler
 * @param cancelRequested whether somebody asked for its end
 * @param hasChildren whether it has started others
 * @param begunAt when the run's time began to count
 * @param attemptAt when the live attempt began; null where none is live
 * @param seq the last event seen
 * @param time that event's time
 */
public record RunFacts(
        RunId run,
        PlatformEvent.Requested request,
        RunStatus status,
        int attempt,
        int failures,
        int lost,
        boolean cancelRequested,
        boolean hasChildren,
        Instant begunAt,
        @Nullable Instant attemptAt,
        long seq,
        Instant time) {

    static RunFacts of(Event event, PlatformEvent.Requested request, RunStatus status) {
        Instant runAt = request.runAt();
        return new RunFacts(
                event.run(),
                request,
                status,
                event.attempt(),
                0,
                0,
                false,
                false,
                runAt != null && runAt.isAfter(event.time()) ? runAt : event.time(),
                null,
                event.seq(),
                event.time());
    }

    /** When the run has taken too long; null: never. */
    @Nullable Instant deadline() {
        Long timeout = request.timeoutMs();
        return timeout == null ? null : begunAt.plusMillis(timeout);
    }

    /** When the live attempt has taken too long; null: never. */
    @Nullable Instant attemptDeadline() {
        Long timeout = request.attemptTimeoutMs();
        return timeout == null || attemptAt == null ? null : attemptAt.plusMillis(timeout);
    }

    /** What chance depends on in this run. */
    long seed() {
        return run.value().getMostSignificantBits() ^ run.value().getLeastSignificantBits();
    }

    /** How often it is tried, and when. */
    RetryPolicy retry() {
        RetryPolicy asked = request.retry();
        return asked == null ? RetryPolicy.DEFAULT : asked;
    }

    RunFacts seen(Event event, RunStatus next) {
        Instant started = attemptAt == null ? event.time() : attemptAt;
        return new RunFacts(
                run,
                request,
                next,
                event.attempt(),
                failures,
                lost,
                cancelRequested,
                hasChildren,
                begunAt,
                next == RunStatus.RUNNING ? started : null,
                event.seq(),
                event.time());
    }

    /** The same, but for the events that nothing follows from. */
    boolean isWhere(RunFacts before) {
        return status == before.status
                && attempt == before.attempt
                && failures == before.failures
                && lost == before.lost
                && cancelRequested == before.cancelRequested
                && hasChildren == before.hasChildren
                && Objects.equals(attemptAt, before.attemptAt);
    }

    /** As if nothing had gone wrong yet. */
    RunFacts afresh() {
        return counting(0, 0, false, false);
    }

    RunFacts withChild() {
        return counting(failures, lost, cancelRequested, true);
    }

    RunFacts withCancelRequested() {
        return counting(failures, lost, true, hasChildren);
    }

    RunFacts withFailure() {
        return counting(failures + 1, lost, cancelRequested, hasChildren);
    }

    RunFacts withLoss() {
        return counting(failures, lost + 1, cancelRequested, hasChildren);
    }

    private RunFacts counting(
            int nowFailures, int nowLost, boolean nowCancelRequested, boolean nowHasChildren) {
        return new RunFacts(
                run,
                request,
                status,
                attempt,
                nowFailures,
                nowLost,
                nowCancelRequested,
                nowHasChildren,
                begunAt,
                attemptAt,
                seq,
                time);
    }

    Task task(int next) {
        return new Task(run.toString(), next, request.tenant(), request.queue(), request.handler());
    }

    RunView view() {
        return new RunView(
                run.toString(),
                request.tenant(),
                request.queue(),
                request.handler(),
                status.text(),
                attempt,
                seq,
                time);
    }
}
