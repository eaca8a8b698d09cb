package dev.outrun.connector.publish;

import dev.outrun.schema.run.RunId;
import java.time.Duration;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The topics that a predecessor may still write to, though it has lost its lease: those of the runs
 * that had events behind its last checkpoint. A process that was frozen wakes up with records in
 * its buffers, and no broker refuses them. Thread-safe; outlives publishers.
 */
public final class Suspects {

    /** Beyond that those used longest ago are forgotten, and are left to their next append. */
    private static final int MAX = 100_000;

    /** After it has woken up and closed its connections: a broker still works on what it got. */
    private static final Duration AWAKE = Duration.ofSeconds(5);

    private static final Duration CHECK_EVERY = Duration.ofSeconds(1);

    private final LastUsed<RunId, String> topics = new LastUsed<>(MAX);
    private long awakeUntil;
    private long nextCheck;

    synchronized void add(RunId run, String topic) {
        topics.put(run, topic);
    }

    /** The predecessor has woken up just now. */
    synchronized void wake() {
        long now = System.nanoTime();
        awakeUntil = now + AWAKE.toNanos();
        nextCheck = now + CHECK_EVERY.toNanos();
    }

    /** Whether it is time to look at the topics once more. */
    synchronized boolean isCheckDue() {
        long now = System.nanoTime();
        if (awakeUntil == 0 || now - nextCheck < 0) {
            return false;
        }
        nextCheck = now + CHECK_EVERY.toNanos();
        if (now - awakeUntil > 0) {
            awakeUntil = 0;
        }
        return true;
    }

    /** The topics of these runs. */
    synchronized Map<RunId, String> of(Predicate<RunId> wanted) {
        return topics.entrySet().stream()
                .filter(suspect -> wanted.test(suspect.getKey()))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }
}
