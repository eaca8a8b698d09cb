package dev.outrun.testkit.simulation;

import dev.outrun.schema.event.PlatformEvent;
import dev.outrun.schema.event.RetryPolicy;
import dev.outrun.schema.run.RunId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One run, as its log says it is. */
final class RunLaws {

    final RunId id;
    final PlatformEvent.Requested request;
    final List<Instant> startedAt = new ArrayList<>();
    long seq;
    boolean closed;
    boolean live;
    boolean suspended;
    boolean cancelRequested;
    int attempt;
    int failures;
    int children;
    int childrenEnded;
    Instant notBefore;
    boolean retryDecided;
    String awaited;
    @Nullable Instant until;
    @Nullable Instant closedAt;
    private final Instant begunAt;
    private boolean forGood;

    RunLaws(RunId id, PlatformEvent.Requested request, Instant at) {
        Instant runAt = request.runAt();
        this.id = id;
        this.request = request;
        this.notBefore = runAt == null ? at : runAt;
        this.begunAt = runAt == null || runAt.isBefore(at) ? at : runAt;
        this.awaited = request.waitFor() == null ? "" : request.waitFor();
        this.suspended = request.waitFor() != null;
    }

    void started(int number, Instant at) {
        attempt = number;
        live = true;
        retryDecided = false;
        startedAt.add(at);
    }

    void failed(PlatformEvent.AttemptFailed failed, Instant at) {
        live = false;
        notBefore = at;
        if (!failed.isHandedBack()) {
            failures++;
            forGood = !failed.retryable() || !policy().allowsAnother(failures, failed.errorCode());
        }
    }

    /** What was copied was another run's. */
    void forked(int next, Instant at) {
        attempt = next - 1;
        live = false;
        suspended = false;
        cancelRequested = false;
        failures = 0;
        children = 0;
        childrenEnded = 0;
        forGood = false;
        retryDecided = false;
        notBefore = at;
        startedAt.clear();
    }

    void close(Instant at) {
        closedAt = at;
        live = false;
        suspended = false;
        closed = true;
    }

    /** Whether what has gone wrong so far may be followed by another attempt. */
    boolean mayRetry() {
        return !forGood;
    }

    /** Whether as many children have ended as it waits for. */
    boolean hasAwaited() {
        return switch (awaited) {
            case "all" -> childrenEnded == children;
            case "any" -> childrenEnded > 0;
            default -> false;
        };
    }

    /** Whether the run has taken all the time it had. */
    boolean isOver(Instant now) {
        Long timeout = request.timeoutMs();
        return timeout != null && !now.isBefore(begunAt.plusMillis(timeout));
    }

    private RetryPolicy policy() {
        RetryPolicy asked = request.retry();
        return asked == null ? RetryPolicy.DEFAULT : asked;
    }

    @Override
    public String toString() {
        return id.toString();
    }
}
