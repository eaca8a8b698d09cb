package dev.outrun.connector;

import dev.outrun.connector.publish.Checkpoint;
import dev.outrun.connector.publish.Progress;
import dev.outrun.connector.publish.Publisher;
import dev.outrun.connector.source.Watermark;
import dev.outrun.connector.source.Watermarks;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * The connector's barriers. They say when all is published, keep an idle slot moving, checkpoint
 * what came last, and move the watermark.
 *
 * <p>Before a barrier is sent, a snapshot of the database is taken. When the barrier has passed,
 * all that the snapshot sees is published. What it does not see is behind the offsets, in the
 * firehose, of any checkpoint that is old enough: a commit reaches the log a moment before
 * snapshots see it, and a publisher may be quicker than that.
 */
final class Barriers {

    /** Between two of our own while there are changes that no watermark covers. */
    private static final Duration EVERY = Duration.ofSeconds(1);

    /** Longer than a commit takes from the log to snapshots, which may wait for a standby. */
    private static final Duration OLD_ENOUGH = Duration.ofSeconds(10);

    private final Marker marker;
    private final Watermarks watermarks;
    private final Progress progress;
    private final Publisher publisher;
    private final long heartbeatEvery;
    private long last = System.nanoTime();
    private @Nullable Barrier underWay;
    private long covered = -1;
    private volatile Checkpoint old;
    private Checkpoint younger;
    private long youngerSince = System.nanoTime();

    /** How a barrier gets to the publisher: behind all that has committed by then. */
    @FunctionalInterface
    interface Marker {
        void write(String id) throws SQLException;
    }

    /**
     * A barrier.
     *
     * @param watermark is true when it has passed
     * @param taken changes that the watermark covers, at least
     */
    record Barrier(String id, CompletableFuture<Void> passed, Watermark watermark, long taken) {}

    Barriers(
            Marker marker,
            Watermarks watermarks,
            Progress progress,
            Publisher publisher,
            Duration heartbeatEvery) {
        this.marker = marker;
        this.watermarks = watermarks;
        this.progress = progress;
        this.publisher = publisher;
        this.heartbeatEvery = heartbeatEvery.toNanos();
        this.old = progress.reached();
        this.younger = old;
    }

    /** Writes a barrier into the log. Any thread. */
    Barrier send() throws SQLException {
        long taken = publisher.taken(); // before the snapshot, which then sees them all
        Watermark watermark = new Watermark(watermarks.snapshot(), old.firehose());
        String id = UUID.randomUUID().toString();
        Barrier barrier = new Barrier(id, progress.awaitBarrier(id), watermark, taken);
        boolean sent = false;
        try {
            marker.write(id);
            sent = true;
            return barrier;
        } finally {
            if (!sent) {
                forget(barrier);
            }
        }
    }

    /** Says in the database what is published, after a barrier has passed. Any thread. */
    void mark(Barrier barrier) throws SQLException {
        watermarks.write(barrier.watermark());
    }

    /** Nobody waits for this one any more. */
    void forget(Barrier barrier) {
        progress.forgetBarrier(barrier.id());
    }

    /** Marks what the last one of our own has passed, and sends the next if it is time. */
    void tick() throws SQLException {
        Barrier earlier = underWay;
        if (earlier != null && earlier.passed().state() == Future.State.SUCCESS) {
            mark(earlier);
            covered = earlier.taken();
            underWay = null;
        }
        age();
        boolean changed = underWay == null && publisher.taken() != covered;
        long now = System.nanoTime();
        if (now - last < (changed ? EVERY.toNanos() : heartbeatEvery)) {
            return;
        }
        last = now;
        if (underWay != null) {
            forget(underWay);
        }
        underWay = send();
    }

    private void age() {
        long now = System.nanoTime();
        if (now - youngerSince >= OLD_ENOUGH.toNanos()) {
            old = younger;
            younger = progress.reached();
            youngerSince = now;
        }
    }
}
