package dev.outrun.engine;

import org.apache.kafka.streams.StreamsConfig;

/** What a crash of the engine may do to what it says. The rules are right under both. */
public enum Guarantee {
    /** Said again: every reader of the engine's topics takes a thing said twice for once. */
    AT_LEAST_ONCE(StreamsConfig.AT_LEAST_ONCE, 100),
    /** Said once to readers of committed records; each hop waits for a commit. */
    EXACTLY_ONCE_V2(StreamsConfig.EXACTLY_ONCE_V2, 5);

    private final String processingGuarantee;
    private final int commitIntervalMs;

    Guarantee(String processingGuarantee, int commitIntervalMs) {
        this.processingGuarantee = processingGuarantee;
        this.commitIntervalMs = commitIntervalMs;
    }

    String processingGuarantee() {
        return processingGuarantee;
    }

    /**
     * How often it commits. Exactly once, nothing is visible before the commit, so this is the
     * hop's latency; at least once, it is only how much is done again after a crash.
     */
    int commitIntervalMs() {
        return commitIntervalMs;
    }
}
