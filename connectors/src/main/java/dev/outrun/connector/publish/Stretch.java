package dev.outrun.connector.publish;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of the log whose records are counted together until both lanes have acknowledged all of
 * them. Records are added by the publisher's thread and taken off by any.
 */
final class Stretch {

    private static final long OPEN = 1L;

    private final Progress progress;
    private final AtomicLong pending = new AtomicLong(OPEN);
    private volatile long firstSentAt;
    // Written before the stretch is closed, which publishes them.
    private @Nullable Checkpoint end;
    private @Nullable String barrier;

    Stretch(Progress progress) {
        this.progress = progress;
    }

    /** Counts records that are about to be sent. */
    void sending(int records, long now) {
        if (firstSentAt == 0) {
            firstSentAt = now | 1; // never the 0 that means none
        }
        pending.addAndGet(records);
    }

    /** Counts one record as acknowledged, or as needing no acknowledgement. */
    void acknowledged() {
        if (pending.decrementAndGet() == 0) {
            progress.advance();
        }
    }

    /** Nothing follows. */
    void close(@Nullable Checkpoint atItsEnd, @Nullable String barrierAtItsEnd) {
        end = atItsEnd;
        barrier = barrierAtItsEnd;
        acknowledged();
    }

    boolean isEmpty() {
        return firstSentAt == 0;
    }

    boolean isDone() {
        return pending.get() == 0;
    }

    /** Its records that are not acknowledged. */
    long unacknowledged(boolean open) {
        return pending.get() - (open ? OPEN : 0);
    }

    /** Nanoseconds since its first record was sent, if one is not acknowledged; else 0. */
    long unacknowledgedFor(long now, boolean open) {
        long first = firstSentAt;
        return first == 0 || unacknowledged(open) <= 0 ? 0 : now - first;
    }

    @Nullable Checkpoint end() {
        return end;
    }

    @Nullable String barrier() {
        return barrier;
    }
}
