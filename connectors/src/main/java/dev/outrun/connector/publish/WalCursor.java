package dev.outrun.connector.publish;

import dev.outrun.connector.source.Lsn;
import dev.outrun.connector.source.WalPlace;

/**
 * How far the publisher has come in the log, and with it what to leave out when a source begins
 * again. One thread.
 *
 * <h2>Why this publishes every change once</h2>
 *
 * Postgres keeps a slot's confirmed position S and, when a reader comes, delivers again every
 * transaction whose commit lies at or after S: whole ones, in commit order. S is only a lower
 * bound. It is confirmed after the checkpoint, may be lost on the way, and falls back by itself
 * when the server crashes, since it is written to disk now and then only. So the checkpoint's
 * position L decides, with S ≤ L always, and it must be found exactly in what comes after S.
 *
 * <p>A change's own position does not help: transactions written at the same time interleave in the
 * log, so a change before L can belong to a transaction that committed after L. What Debezium says
 * of every change, though, is the end of the commit before its transaction ({@link
 * WalPlace#after}), which rises with commit order. L is such an end. Hence:
 *
 * <ul>
 *   <li>S = L: nothing to leave out.
 *   <li>S &lt; L: a transaction is left out while {@code after} is unknown (the very first one) or
 *       before L. The transaction that ended at L is delivered again, as its commit lies between;
 *       the one behind it says {@code after} = L, and from there on all is new. A change that lies
 *       at or behind L itself committed later than L for certain, and is new whatever it says.
 * </ul>
 *
 * <p>That S is the position the stream really begins at is seen to by asking for it when the stream
 * has begun, and before its first change is let in: with the connection that reads, no crash can
 * move S back any more, and as nothing of it was taken, nothing has moved it on.
 *
 * <p>Within one process a source that has lost its connection is replaced, while lanes and their
 * records in flight stay. Then the boundary is the last one passed, which may be later than the
 * last checkpoint, and {@link #taken} changes of the open transaction behind it have been published
 * as well: they are left out by number, as a transaction is delivered in the same order each time.
 *
 * <p>After the death of a process nobody knows that number, nor which records behind the checkpoint
 * reached Kafka. They are found there: in the firehose from the checkpoint's offsets on, which is
 * where the first transaction behind L began, be it as large as it may; and per run by its topic's
 * end. The checkpoint's offsets are therefore taken when the first change of a transaction arrives,
 * before it is sent, and never inside of one. While the changes met are those of the tail there is
 * no such offset (records of later transactions are before the end already), hence no checkpoint.
 */
final class WalCursor {

    private Lsn boundary;
    private boolean behindBoundary;
    private long taken;
    private long toSkip;

    /** At this boundary, with all before it published and nothing behind it. */
    WalCursor(Lsn boundary, Lsn streamBeginsAt) {
        this.boundary = boundary;
        begin(streamBeginsAt);
    }

    /** A source begins, again, to deliver from this position on. */
    void begin(Lsn streamBeginsAt) {
        if (boundary.isBefore(streamBeginsAt)) {
            throw new IllegalStateException(
                    "the slot is at "
                            + streamBeginsAt
                            + ", but published is only what committed before "
                            + boundary
                            + ": what lies between cannot be read from it any more");
        }
        behindBoundary = streamBeginsAt.equals(boundary);
        toSkip = taken;
    }

    /** Whether this change has not been published yet; called for each one delivered. */
    boolean admits(WalPlace place) {
        Lsn after = place.after();
        if (!behindBoundary) {
            boolean earlier = after == null || after.isBefore(boundary);
            if (earlier && place.at().isBefore(boundary)) {
                return false;
            }
            behindBoundary = true;
        }
        if (toSkip > 0) {
            if (after == null || !boundary.isBefore(after)) {
                toSkip--;
                return false;
            }
            toSkip = 0; // the open transaction is over
        }
        return true;
    }

    /** Whether this change, which is admitted, is the first one behind a later boundary. */
    boolean opensTransaction(WalPlace place) {
        Lsn after = place.after();
        return after != null && boundary.isBefore(after);
    }

    /** The change is about to be published. */
    void take(WalPlace place) {
        Lsn after = place.after();
        if (after != null && boundary.isBefore(after)) {
            boundary = after;
            taken = 0;
        }
        taken++;
    }

    /** All transactions that committed before it have been taken. */
    Lsn boundary() {
        return boundary;
    }

    /** Changes taken of the transaction behind the boundary. */
    long taken() {
        return taken;
    }
}
