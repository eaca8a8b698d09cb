package dev.outrun.connector.source;

/**
 * What the server says when a stream is about to begin.
 *
 * @param system the Postgres cluster's own identifier: positions of different clusters do not
 *     compare
 * @param timeline which of its histories: another one after each failover; positions of two of them
 *     compare only as far as they have in common
 * @param confirmed where the slot will begin to stream; its reader moves it on, a crash of the
 *     server moves it back
 * @param written the end of the log: what commits from now on has a later position
 * @param lost whether the server has let go of the log that the slot still needs
 */
public record SlotState(long system, int timeline, Lsn confirmed, Lsn written, boolean lost) {}
