package dev.outrun.engine.run;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.PlatformEvent;
import dev.outrun.schema.event.RetryPolicy;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.work.RunView;
import dev.outrun.schema.work.Task;
import java.time.Instant;

/**
 * What a run's log has said so far, whatever the state.
 *
 * @param request what its first event asked for
 * @param status what its last platform event made it
 * @param attempt the attempt that may write, or wrote last; 0 before the first
 * @param failures attempts that its handler failed
 * @param lost attempts that ended through no fault of the handler
 * @param cancelRequested whether somebody asked for its end
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
        long seq,
        Instant time) {

    static RunFacts of(Event event, PlatformEvent.Requested request) {
        return new RunFacts(
                event.run(),
                request,
                RunStatus.QUEUED,
                event.attempt(),
                0,
                0,
                false,
                event.seq(),
                event.time());
    }

    /** How often it is tried, and when. */
    RetryPolicy retry() {
        RetryPolicy asked = request.retry();
        return asked == null ? RetryPolicy.DEFAULT : asked;
    }

    RunFacts seen(Event event, RunStatus next) {
        return with(
                next, event.attempt(), failures, lost, cancelRequested, event.seq(), event.time());
    }

    RunFacts at(long otherSeq, Instant otherTime) {
        return with(status, attempt, failures, lost, cancelRequested, otherSeq, otherTime);
    }

    RunFacts withCancelRequested() {
        return counting(failures, lost, true);
    }

    RunFacts withFailure() {
        return counting(failures + 1, lost, cancelRequested);
    }

    RunFacts withLoss() {
        return counting(failures, lost + 1, cancelRequested);
    }

    private RunFacts counting(int nowFailures, int nowLost, boolean nowCancelRequested) {
        return with(status, attempt, nowFailures, nowLost, nowCancelRequested, seq, time);
    }

    private RunFacts with(
            RunStatus nowStatus,
            int nowAttempt,
            int nowFailures,
            int nowLost,
            boolean nowCancelRequested,
            long nowSeq,
            Instant nowTime) {
        return new RunFacts(
                run,
                request,
                nowStatus,
                nowAttempt,
                nowFailures,
                nowLost,
                nowCancelRequested,
                nowSeq,
                nowTime);
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
