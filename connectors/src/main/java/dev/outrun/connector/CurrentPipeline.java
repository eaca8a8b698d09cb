package dev.outrun.connector;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pipeline of a slot that is open at a time; whoever needs one waits for the next, until there
 * will be none. Thread-safe.
 */
final class CurrentPipeline {

    private static final Logger LOG = LoggerFactory.getLogger(CurrentPipeline.class);

    private final String slot;
    private final CompletableFuture<Void> stop = new CompletableFuture<>();
    private final AtomicReference<@Nullable OutrunException> halted = new AtomicReference<>();
    private volatile CompletableFuture<Pipeline> pipeline = new CompletableFuture<>();

    CurrentPipeline(String slot) {
        this.slot = slot;
    }

    /** The one that is open, if one is. */
    @Nullable Pipeline now() {
        CompletableFuture<Pipeline> now = pipeline;
        return now.state() == CompletableFuture.State.SUCCESS ? now.join() : null;
    }

    /** Takes this one, unless no further one is wanted; whether it did. */
    boolean take(Pipeline opened) {
        return !stop.isDone() && pipeline.complete(opened);
    }

    /** The one that was open is of no more use: whoever needs one waits for the next. */
    void lose() {
        pipeline = new CompletableFuture<>();
    }

    /** No further one is wanted. */
    void stop() {
        stop.complete(null);
    }

    boolean isStopped() {
        return stop.isDone();
    }

    /** Done when no further one is wanted. */
    CompletableFuture<Void> stopped() {
        return stop;
    }

    /** Tells whoever waits for the next one that there will be none. */
    void end(OutrunException reason) {
        pipeline.completeExceptionally(reason);
    }

    /** Why it has halted; null while it has not. */
    @Nullable OutrunException haltedBecause() {
        return halted.get();
    }

    /** Publishes nothing more, for good; only the first reason counts. Never blocks. */
    void halt(String reason, @Nullable Throwable cause) {
        OutrunException failure =
                cause == null
                        ? new OutrunException(ErrorCode.INTERNAL, "halted: " + reason)
                        : new OutrunException(ErrorCode.INTERNAL, "halted: " + reason, cause);
        if (halted.compareAndSet(null, failure)) {
            LOG.error("connector halted slot={} reason={}", slot, reason, cause);
            stop();
            end(failure);
            Pipeline now = now();
            if (now != null) {
                now.halt(failure);
            }
        }
    }

    /**
     * Returns when all that committed before this call is in both lanes, acknowledged, and marked.
     *
     * @throws OutrunException at once if it has halted or Postgres does not answer
     */
    void drain(Duration limit) throws InterruptedException, TimeoutException {
        long deadline = System.nanoTime() + limit.toNanos();
        try {
            while (!isDrained(left(deadline))) {
                LOG.debug("drained through a lost pipeline: once more slot={}", slot);
            }
        } catch (SQLException e) {
            throw new OutrunException(ErrorCode.UNAVAILABLE, "Postgres does not answer", e);
        } catch (ExecutionException e) {
            throw failure(e);
        }
    }

    /** False if the barrier was lost with its pipeline. */
    private boolean isDrained(Duration limit)
            throws SQLException, InterruptedException, ExecutionException, TimeoutException {
        long deadline = System.nanoTime() + limit.toNanos();
        Pipeline through = pipeline.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        try {
            through.drain(left(deadline));
            return true;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof PipelineLostException) {
                return false;
            }
            throw e;
        }
    }

    /**
     * Publishes so many appends; returns when they are in both lanes, acknowledged.
     *
     * @throws OutrunException if it has halted, or had to begin again meanwhile
     */
    void step(int appends, Duration limit) throws InterruptedException, TimeoutException {
        long deadline = System.nanoTime() + limit.toNanos();
        try {
            pipeline.get(limit.toNanos(), TimeUnit.NANOSECONDS).step(appends, left(deadline));
        } catch (ExecutionException e) {
            throw failure(e);
        }
    }

    private static OutrunException failure(ExecutionException e) {
        Throwable cause = causeOf(e);
        return new OutrunException(ErrorCode.INTERNAL, message(cause), cause);
    }

    static Throwable causeOf(ExecutionException e) {
        Throwable cause = e.getCause();
        return cause == null ? e : cause;
    }

    static String message(Throwable reason) {
        String message = reason.getMessage();
        return message == null ? reason.getClass().getSimpleName() : message;
    }

    private static Duration left(long deadline) {
        return Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
    }
}
