package dev.outrun.connector.publish;

import dev.outrun.schema.run.RunId;
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

    private final LastUsed<RunId, String> topics = new LastUsed<>(MAX);

    synchronized void add(RunId run, String topic) {
        topics.put(run, topic);
    }

    /** The topics of these runs. */
    synchronized Map<RunId, String> of(Predicate<RunId> wanted) {
        return topics.entrySet().stream()
                .filter(suspect -> wanted.test(suspect.getKey()))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }
}
