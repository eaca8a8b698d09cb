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
 * @param committedMicros when the transaction committed, by the database's clock, in microseconds
 *     since the epoch; where nobody says, when it was appended; {@link #NO_TIME} where that is of
 *     no use
 */
public record WalPlace(@Nullable Lsn after, Lsn at, long committedMicros) {

    public static final long NO_TIME = 0;

    /** A place that does not say when. */
    public WalPlace(@Nullable Lsn after, Lsn at) {
        this(after, at, NO_TIME);
    }

    /** The same place, at this time. */
    WalPlace committed(long micros) {
        return new WalPlace(after, at, micros);
    }
}
