package dev.outrun.connector.publish;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What has been sent and not been acknowledged yet, as stretches in log order. When the oldest ones
 * are complete, the checkpoint at their end is handed on and the barriers in them are answered.
 */
public final class Progress {

    private final Consumer<Checkpoint> checkpoints;
    private final Deque<Stretch> stretches = new ArrayDeque<>();
    private final Map<String, CompletableFuture<Void>> barriers = new HashMap<>();
    private @Nullable Throwable failed;
    private volatile @Nullable Checkpoint reached;
    private volatile Stretch current;

    /** Hands checkpoints to this consumer, in order, from whatever thread completes a stretch. */
    @SuppressWarnings("this-escape") // the first stretch knows it, and completes much later
    public Progress(Consumer<Checkpoint> checkpoints) {
        this.checkpoints = checkpoints;
        this.current = new Stretch(this);
        stretches.add(current);
    }

    /** Begins behind this checkpoint. */
    public void begin(Checkpoint checkpoint) {
        reached = checkpoint;
    }

    /** The last checkpoint that has become true. */
    public Checkpoint reached() {
        Checkpoint last = reached;
        if (last == null) {
            throw new IllegalStateException("nothing has begun");
        }
        return last;
    }

    /** Where the publisher's thread counts what it sends. */
    Stretch current() {
        return current;
    }

    /**
     * Publisher's thread: ends the current stretch and begins another one.
     *
     * @param end the checkpoint that becomes true when all up to here is acknowledged; null where
     *     there is none, inside of a transaction
     */
    void next(@Nullable Checkpoint end, @Nullable String barrier) {
        Stretch ending = current;
        synchronized (this) {
            current = new Stretch(this);
            stretches.add(current);
        }
        ending.close(end, barrier);
    }

    /** A future that is done when this barrier, and all before it, is acknowledged. */
    public CompletableFuture<Void> awaitBarrier(String id) {
        CompletableFuture<Void> passed = new CompletableFuture<>();
        synchronized (this) {
            if (failed == null) {
                barriers.put(id, passed);
                return passed;
            }
        }
        passed.completeExceptionally(failed);
        return passed;
    }

    /** Nobody waits for this barrier any more. */
    public synchronized void forgetBarrier(String id) {
        barriers.remove(id);
    }

    /** Fails all who wait, now and later. */
    public void fail(Throwable reason) {
        List<CompletableFuture<Void>> waiting;
        synchronized (this) {
            if (failed == null) {
                failed = reason;
            }
            waiting = List.copyOf(barriers.values());
            barriers.clear();
        }
        waiting.forEach(one -> one.completeExceptionally(reason));
    }

    /** The age of the oldest record not acknowledged, zero where there is none; an upper bound. */
    public synchronized Duration oldestUnacknowledged() {
        Stretch oldest = stretches.getFirst();
        return Duration.ofNanos(oldest.unacknowledgedFor(System.nanoTime(), oldest == current));
    }

    /** Records sent that are not acknowledged; one counts for each lane it is sent to. */
    public synchronized long inFlight() {
        return stretches.stream().mapToLong(one -> one.unacknowledged(one == current)).sum();
    }

    /** Takes complete stretches off, oldest first. Any thread. */
    void advance() {
        List<CompletableFuture<Void>> passed = new ArrayList<>();
        synchronized (this) {
            Checkpoint latest = null;
            // The current stretch is open, hence never done: it stays.
            while (stretches.getFirst().isDone()) {
                Stretch done = stretches.removeFirst();
                if (done.end() != null) {
                    latest = done.end();
                }
                CompletableFuture<Void> waiting = barriers.remove(done.barrier());
                if (waiting != null) {
                    passed.add(waiting);
                }
            }
            if (latest != null) {
                reached = latest;
                checkpoints.accept(latest);
            }
        }
        passed.forEach(one -> one.complete(null));
    }
}
