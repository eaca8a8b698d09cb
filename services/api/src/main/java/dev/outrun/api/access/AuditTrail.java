package dev.outrun.api.access;

import dev.outrun.ledger.access.AccessLedger;
import dev.outrun.ledger.access.AuditEntry;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the audit log beside the calls: an entry waits a moment, in memory, for others to be
 * written with. What cannot be kept goes to the process's log and is counted.
 */
public final class AuditTrail implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(AuditTrail.class);

    /** Entries that wait while the database does not answer: seconds of a busy node's. */
    private static final int WAITING_MAX = 10_000;

    private static final int WRITTEN_AT_ONCE = 500;

    /** How long an entry may wait for others. */
    private static final Duration MOMENT = Duration.ofMillis(200);

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);
    private static final Duration DELETE_EVERY = Duration.ofMinutes(10);
    private static final int DELETED_AT_ONCE = 1_000;

    /** How long {@link #close} waits for what is still to be written. */
    private static final Duration CLOSE_MAX = Duration.ofSeconds(5);

    private final AccessLedger ledger;
    private final Duration retention;
    private final InstantSource clock;
    private final BlockingQueue<AuditEntry> waiting = new ArrayBlockingQueue<>(WAITING_MAX);
    private final Counter written;
    private final Counter lost;
    private final Thread writer;
    private final CountDownLatch closing = new CountDownLatch(1);

    private AuditTrail(
            AccessLedger ledger, Duration retention, MeterRegistry registry, InstantSource clock) {
        this.ledger = ledger;
        this.retention = retention;
        this.clock = clock;
        this.written = registry.counter("outrun.audit.entries");
        this.lost = registry.counter("outrun.audit.lost");
        this.writer = Thread.ofVirtual().name("outrun-api-audit").unstarted(this::write);
        Gauge.builder("outrun.audit.waiting", waiting, BlockingQueue::size).register(registry);
    }

    /** Starts writing; the ledger stays the caller's. */
    public static AuditTrail start(
            AccessLedger ledger, Duration retention, MeterRegistry registry, InstantSource clock) {
        AuditTrail trail = new AuditTrail(ledger, retention, registry, clock);
        trail.writer.start();
        return trail;
    }

    /** Takes an entry; never waits. */
    public void add(AuditEntry entry) {
        if (isClosing() || !waiting.offer(entry)) {
            lose(List.of(entry));
        }
    }

    /** Writes what waits, at most for some seconds. */
    @Override
    public void close() {
        closing.countDown();
        try {
            if (!writer.join(CLOSE_MAX)) {
                writer.interrupt();
                writer.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        List<AuditEntry> left = new ArrayList<>();
        waiting.drainTo(left);
        lose(left);
    }

    private void write() {
        List<AuditEntry> batch = new ArrayList<>(WRITTEN_AT_ONCE);
        Instant deletedAt = Instant.MIN;
        try {
            while (!isClosing() || !waiting.isEmpty()) {
                AuditEntry first = waiting.poll(MOMENT.toMillis(), TimeUnit.MILLISECONDS);
                if (first != null) {
                    batch.add(first);
                    if (waiting.size() < WRITTEN_AT_ONCE) {
                        closing.await(MOMENT.toMillis(), TimeUnit.MILLISECONDS);
                    }
                    waiting.drainTo(batch, WRITTEN_AT_ONCE - 1);
                    writeUntilWritten(batch);
                    batch.clear();
                }
                if (deletedAt.plus(DELETE_EVERY).isBefore(clock.instant())) {
                    deletedAt = clock.instant();
                    deleteOld(deletedAt.minus(retention));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed, and the database does not answer
            lose(batch);
        }
    }

    private void writeUntilWritten(List<AuditEntry> batch) throws InterruptedException {
        while (true) {
            try {
                ledger.addAudit(batch);
                written.increment(batch.size());
                return;
            } catch (OutrunException e) {
                LOG.warn(
                        "event=audit_not_written entries={} reason={}",
                        batch.size(),
                        e.getMessage());
                if (e.code() != ErrorCode.UNAVAILABLE
                        || closing.await(RETRY_AFTER.toMillis(), TimeUnit.MILLISECONDS)) {
                    lose(batch);
                    return;
                }
            }
        }
    }

    private boolean isClosing() {
        return closing.getCount() == 0;
    }

    private void deleteOld(Instant before) {
        try {
            int deleted = DELETED_AT_ONCE;
            while (deleted == DELETED_AT_ONCE) {
                deleted = ledger.deleteAudit(before, DELETED_AT_ONCE);
            }
        } catch (OutrunException e) {
            LOG.warn("event=audit_not_deleted before={} reason={}", before, e.getMessage());
        }
    }

    private void lose(List<AuditEntry> entries) {
        for (AuditEntry entry : entries) {
            lost.increment();
            LOG.error(
                    "event=audit_lost at={} caller={} tenant={} call=\"{}\" target={} status={}"
                            + " address={}",
                    entry.at(),
                    entry.caller(),
                    entry.tenant(),
                    entry.call(),
                    entry.target(),
                    entry.status(),
                    entry.address());
        }
    }
}
