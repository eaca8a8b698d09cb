package dev.outrun.connector.audit;

import dev.outrun.schema.run.RunId;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One thing that is not as the ledger says.
 *
 * @param run null where it belongs to none
 * @param seq the event's; -1 where it is not about one event
 * @param where topic and partition
 * @param detail what was expected and found
 */
public record Difference(Kind kind, @Nullable RunId run, long seq, String where, String detail) {

    /** What can be wrong. */
    public enum Kind {
        /** An event is not there. */
        MISSING,
        /** An event is there again. */
        DOUBLED,
        /** A record is not the event of its run and seq. */
        DIFFERENT,
        /** A record's seq is not its offset. */
        WRONG_OFFSET,
        /** An event is behind one of a later seq. */
        OUT_OF_ORDER,
        /** A run's record is not in its shard's partition. */
        WRONG_PARTITION,
        /** A record is nobody's event. */
        STRAY,
        /** The connector has not come as far as the ledger yet. */
        BEHIND
    }

    /** One line: {@code missing run=… seq=7 where=outrun.events/2: …}. */
    @Override
    public String toString() {
        return kind.name().toLowerCase(Locale.ROOT)
                + (run == null ? "" : " run=" + run)
                + (seq < 0 ? "" : " seq=" + seq)
                + " where="
                + where
                + ": "
                + detail;
    }
}
