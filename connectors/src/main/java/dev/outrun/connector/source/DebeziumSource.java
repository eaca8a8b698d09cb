package dev.outrun.connector.source;

import dev.outrun.schema.sql.PostgresAddress;
import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.DebeziumEngine.RecordCommitter;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Debezium's embedded engine on one replication slot, which must exist.
 *
 * <p>The slot is the only memory: a new engine has no stored offset, so it streams from the slot's
 * confirmed position and filters nothing.
 */
public final class DebeziumSource implements ChangeSource {

    private static final Logger LOG = LoggerFactory.getLogger(DebeziumSource.class);

    /** For the polling thread to take the last position along. */
    private static final Duration LAST_CONFIRMATION = Duration.ofMillis(100);

    private final String slot;
    private final DebeziumEngine<RecordChangeEvent<SourceRecord>> engine;
    private final Confirmations confirmations = new Confirmations();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private volatile @Nullable ChangeConsumer consumer;
    private boolean started;
    private volatile @Nullable Thread taking;
    private volatile boolean closing;

    public DebeziumSource(PostgresAddress postgres, Split split) {
        this.slot = split.slot();
        this.engine =
                DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
                        .using(DebeziumSettings.of(postgres, split))
                        .using(confirmations)
                        .using((success, message, error) -> end(success, message, error))
                        .notifying((records, committer) -> carry(records, committer))
                        .build();
    }

    @Override
    public synchronized CompletableFuture<Void> start(ChangeConsumer taker) {
        consumer = taker;
        started = true;
        if (!closing) {
            Thread.ofPlatform().name("outrun-debezium-" + slot).daemon().start(this::run);
        } else {
            stopped.countDown();
            ended.complete(null);
        }
        return ended;
    }

    @Override
    public void confirm(Lsn position) {
        confirmations.confirm(position);
    }

    @Override
    public void close(Duration limit) {
        synchronized (this) {
            closing = true;
            if (!started) {
                return;
            }
        }
        long deadline = System.nanoTime() + limit.toNanos();
        confirmations.awaitFlushed(LAST_CONFIRMATION);
        // A reader that waits for room holds the lock which the engine needs to end.
        Thread blocked = taking;
        if (blocked != null) {
            blocked.interrupt();
        }
        // On a thread of its own: the engine's close waits for its tasks as long as it likes.
        Thread.ofPlatform().name("outrun-debezium-stop-" + slot).daemon().start(this::stop);
        try {
            ended.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            LOG.warn("debezium did not stop in time slot={} limit={}", slot, limit);
        } catch (ExecutionException e) {
            LOG.debug("debezium had ended with an error slot={}", slot, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            DirectQueue.TAKER.set(this::take);
            engine.run();
        } catch (RuntimeException e) {
            // Thrown instead of reported when it is closed at an unlucky moment of its start.
            end(false, "the engine failed", e);
        } finally {
            DirectQueue.TAKER.remove();
            stopped.countDown();
            ended.complete(null);
        }
    }

    private void stop() {
        try {
            do {
                try {
                    engine.close();
                    return;
                } catch (IllegalStateException e) {
                    // Its tasks are just being started, or it is stopping already: once more, soon.
                    LOG.debug("debezium cannot be closed yet slot={}", slot, e);
                }
            } while (!stopped.await(20, TimeUnit.MILLISECONDS));
        } catch (IOException e) {
            LOG.warn("debezium failed to close slot={}", slot, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void end(boolean success, String message, @Nullable Throwable error) {
        if (success || closing) {
            return; // run() says so, once the engine has let go of everything
        }
        ended.completeExceptionally(
                error != null ? error : new IllegalStateException("debezium ended: " + message));
    }

    /** Debezium's reader: one record, in commit order. */
    private void take(SourceRecord record) throws InterruptedException {
        ChangeConsumer taker = consumer;
        if (taker == null) {
            throw new IllegalStateException("changes arrive before the start");
        }
        confirmations.begin();
        taking = Thread.currentThread();
        try {
            if (closing) {
                throw new InterruptedException("the source is being closed");
            }
            taker.accept(read(record));
        } finally {
            taking = null;
        }
    }

    /** The engine's polling thread: the record that brings the committer. */
    private void carry(
            List<RecordChangeEvent<SourceRecord>> records,
            RecordCommitter<RecordChangeEvent<SourceRecord>> committer)
            throws InterruptedException {
        if (!records.isEmpty()) {
            confirmations.markThrough(committer, records.getLast());
        }
        committer.markBatchFinished();
    }

    private static Change read(SourceRecord record) {
        try {
            return RowReader.read(record);
        } catch (RuntimeException e) {
            throw new UnreadableChangeException(
                    "a change cannot be read: position=" + record.sourceOffset(), e);
        }
    }
}
