package dev.outrun.server;

import dev.outrun.ledger.Ledger;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What has to be done now and then: making the outbox's partitions ahead of their days. */
final class Housekeeping implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Housekeeping.class);

    /** A week without this process is covered; after that rows go to the default partition. */
    private static final int DAYS_AHEAD = 7;

    private static final Duration EVERY = Duration.ofHours(1);

    private final Ledger ledger;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread;

    /** Starts it: a first time at once. */
    Housekeeping(Ledger ledger) {
        this.ledger = ledger;
        this.thread = Thread.ofVirtual().name("outrun-housekeeping").start(this::run);
    }

    private void run() {
        try {
            do {
                makePartitions();
            } while (!closed.await(EVERY.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed: there is nothing to finish
        }
    }

    private void makePartitions() {
        try {
            int made = ledger.makePartitions(DAYS_AHEAD);
            if (made > 0) {
                log.info("made outbox partitions count={}", made);
            }
        } catch (RuntimeException e) {
            log.warn("could not make outbox partitions retry_in={}", EVERY, e);
        }
    }

    @Override
    public void close() {
        closed.countDown();
        thread.interrupt();
    }
}
