package dev.outrun.connector.source;

import io.debezium.engine.DebeziumEngine.Offsets;
import io.debezium.engine.DebeziumEngine.RecordCommitter;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.spi.OffsetCommitPolicy;
import java.time.Duration;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/**
 * Carries confirmed positions from any thread to the engine's polling thread, where alone they may
 * be marked.
 *
 * <p>The engine asks its commit policy after every poll, on that thread. Records do not come that
 * way (see {@link DirectQueue}), so the thread waits here for a position, marks it as processed and
 * answers "commit". What is committed is our position, not a record's own: the engine hands {@code
 * lsn_commit} to the slot.
 */
final class Confirmations implements OffsetCommitPolicy {

    /** Until the engine's next look at errors; a poll costs up to a millisecond of a core. */
    private static final long POLL_EVERY_MILLIS = 100;

    private @Nullable Lsn waiting;
    private boolean flushing;
    private boolean begun;
    private @Nullable RecordCommitter<RecordChangeEvent<SourceRecord>> committer;
    private @Nullable RecordChangeEvent<SourceRecord> carrier;

    /** Any thread. */
    synchronized void confirm(Lsn position) {
        if (waiting == null || waiting.isBefore(position)) {
            waiting = position;
            notifyAll();
        }
    }

    /** The reader has its first record: the polling thread is to fetch it. */
    synchronized void begin() {
        begun = true;
        notifyAll();
    }

    /** Polling thread: positions are marked through this committer, on behalf of this record. */
    synchronized void markThrough(
            RecordCommitter<RecordChangeEvent<SourceRecord>> through,
            RecordChangeEvent<SourceRecord> record) {
        committer = through;
        carrier = record;
    }

    @Override
    public synchronized boolean performCommit(long records, Duration sinceLastCommit) {
        flushing = false; // the engine flushes what it was told last before it asks again
        notifyAll();
        try {
            long deadline = System.nanoTime() + POLL_EVERY_MILLIS * 1_000_000;
            while (committer == null ? !begun : waiting == null) {
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    return false;
                }
                wait(left);
            }
            return committer != null
                    && carrier != null
                    && waiting != null
                    && mark(waiting, committer, carrier);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the engine is being closed
            return false;
        }
    }

    /** Waits until a position that can be confirmed is, up to the limit. */
    synchronized void awaitFlushed(Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        try {
            while (committer != null && (waiting != null || flushing)) {
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    return;
                }
                wait(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean mark(
            Lsn position,
            RecordCommitter<RecordChangeEvent<SourceRecord>> through,
            RecordChangeEvent<SourceRecord> record)
            throws InterruptedException {
        Offsets offsets = through.buildOffsets();
        offsets.set("lsn", position.value());
        offsets.set("lsn_proc", position.value());
        offsets.set("lsn_commit", position.value());
        through.markProcessed(record, offsets);
        waiting = null;
        flushing = true;
        return true;
    }
}
