package dev.outrun.server;

import dev.outrun.connector.topic.Reaper;
import dev.outrun.ledger.Ledger;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What has to be done now and then: making the outbox's partitions ahead of their days, dropping
 * those that nobody needs any more, deleting what counts for nothing any more, deleting streams
 * whose time is over, and sweeping the run topics. A thread for each.
 */
final class Housekeeping implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Housekeeping.class);

    /** A week without this process is covered; after that rows go to the default partition. */
    private static final int DAYS_AHEAD = 7;

    private static final Duration PARTITIONS_EVERY = Duration.ofHours(1);

    private static final Duration DROP_EVERY = Duration.ofHours(1);

    private static final Duration DELETE_EVERY = Duration.ofMinutes(10);

    /** Rows deleted in one transaction. */
    private static final int DELETE_AT_ONCE = 1_000;

    /** A stream whose time is over is not found; what is late is the end of its run. */
    private static final Duration EXPIRE_EVERY = Duration.ofSeconds(30);

    /** Streams deleted in one transaction, each of which cancels a run. */
    private static final int EXPIRE_AT_ONCE = 100;

    /** After so long runs that were refused may be started. */
    private static final Duration SWEEP_EVERY = Duration.ofSeconds(30);

    private final CountDownLatch closed = new CountDownLatch(1);
    private final List<Thread> threads;

    /** Something to do; where it fails, the next time is another chance. */
    @FunctionalInterface
    private interface Chore {
        void run() throws InterruptedException;
    }

    /**
     * Starts it: each a first time at once.
     *
     * @param keep a run's events for so long after its end
     */
    Housekeeping(Ledger ledger, Duration keep, Reaper reaper) {
        this.threads =
                List.of(
                        start("partitions", PARTITIONS_EVERY, () -> makePartitions(ledger)),
                        start("days", DROP_EVERY, () -> dropDays(ledger, keep)),
                        start("lapsed", DELETE_EVERY, () -> deleteLapsed(ledger)),
                        start("streams", EXPIRE_EVERY, () -> expireStreams(ledger)),
                        start("run-topics", SWEEP_EVERY, reaper::sweep));
    }

    private Thread start(String name, Duration every, Chore chore) {
        return Thread.ofVirtual()
                .name("outrun-housekeeping-" + name)
                .start(() -> repeat(name, every, chore));
    }

    private void repeat(String name, Duration every, Chore chore) {
        try {
            do {
                runOnce(name, every, chore);
            } while (!closed.await(every.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed: there is nothing to finish
        }
    }

    private void runOnce(String name, Duration every, Chore chore) throws InterruptedException {
        try {
            chore.run();
        } catch (RuntimeException e) {
            if (closed.getCount() > 0) { // else it was interrupted
                log.warn("housekeeping failed chore={} retry_in={}", name, every, e);
            }
        }
    }

    private static void makePartitions(Ledger ledger) {
        int made = ledger.makePartitions(DAYS_AHEAD);
        if (made > 0) {
            log.info("made outbox partitions count={}", made);
        }
    }

    private static void dropDays(Ledger ledger, Duration keep) {
        for (var day = ledger.dropDay(keep); day.isPresent(); day = ledger.dropDay(keep)) {
            log.info("dropped a day of the outbox day={} keep={}", day.get(), keep);
        }
    }

    private static void deleteLapsed(Ledger ledger) {
        int deleted = DELETE_AT_ONCE;
        while (deleted == DELETE_AT_ONCE) {
            deleted = ledger.deleteLapsed(DELETE_AT_ONCE);
        }
    }

    private static void expireStreams(Ledger ledger) {
        int expired = EXPIRE_AT_ONCE;
        while (expired == EXPIRE_AT_ONCE) {
            expired = ledger.streams().expire(EXPIRE_AT_ONCE);
        }
    }

    @Override
    public void close() {
        closed.countDown();
        threads.forEach(Thread::interrupt);
    }
}
