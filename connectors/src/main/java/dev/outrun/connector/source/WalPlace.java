package dev.outrun.connector.source;

import org.jspecify.annotations.Nullable;

/**
 * Where in the log a change was met. Transactions arrive whole, one after the other, in commit
 * order; so a place is a transaction and a position in it.
 *
 * @param after the end of the commit before this change's transaction: all that committed up to
 *     there has been delivered, nothing of this transaction lies before it in commit order. Rises
 *     from transaction to transaction and is the same for all changes of one. Null while no commit
 *     has been seen since the source began
 * @param at the change's own position; rises within a transaction only, since transactions that
 *     were written at the same time interleave in the log
 */
public record WalPlace(@Nullable Lsn after, Lsn at) {}
