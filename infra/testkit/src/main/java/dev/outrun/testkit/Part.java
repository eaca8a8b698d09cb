package dev.outrun.testkit;

/** A part of a {@link SteppedOutrun} that moves, can be held and can crash. */
public enum Part {
    /** Publishes what was committed in the ledger. */
    CONNECTOR,
    /** Reads the firehose; sends tasks, decisions and interrupts. */
    ENGINE,
    /** Records the engine's decisions in the ledger. */
    RECORDER,
    /** Claims attempts and makes them. */
    WORKER
}
