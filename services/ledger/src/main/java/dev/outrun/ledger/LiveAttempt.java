package dev.outrun.ledger;

/**
 * A live attempt, as whoever makes it is to know it.
 *
 * @param worker who has claimed it, as it said
 * @param shard the run's
 * @param cancelRequested whether it is to stop
 */
public record LiveAttempt(String worker, int shard, boolean cancelRequested) {}
