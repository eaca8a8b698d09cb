package dev.outrun.connector.source;

import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One committed change that a publisher cares about. */
public sealed interface Change {

    WalPlace place();

    /**
     * One append: 1..N consecutive events of one run.
     *
     * @param events the JSON array as it was appended, UTF-8; callers do not change it
     * @param trace W3C trace parent of whoever appended
     * @param topicless whether the run has no topic of its own
     */
    @SuppressWarnings("ArrayRecordComponent") // the bytes pass through; nobody compares changes
    record Appended(
            RunId run,
            Tenant tenant,
            long firstSeq,
            int shard,
            int attempt,
            byte[] events,
            Instant appendedAt,
            @Nullable String trace,
            boolean topicless,
            WalPlace place)
            implements Change {}

    /**
     * A row of the outbox that cannot be an append: written around the ledger's functions.
     *
     * @param events as it says, UTF-8
     */
    @SuppressWarnings("ArrayRecordComponent") // as above
    record Unreadable(
            RunId run, long firstSeq, int shard, byte[] events, String reason, WalPlace place)
            implements Change {}

    /**
     * Why this run is halted has been mended.
     *
     * @param xid the transaction that says so, which others may not see yet; null where they do
     */
    record Resolved(RunId run, @Nullable Long xid, WalPlace place) implements Change {}

    /**
     * Somebody has found that this run is not published as the ledger has it.
     *
     * @param from the first seq that the firehose lacks
     * @param until the seq behind the last one; no later than {@code from} where it lacks none
     */
    record Repair(RunId run, long from, long until, WalPlace place) implements Change {}

    /**
     * Whoever published through this slot has lost its lease, and may have written to topics after
     * that: nothing more comes from there now.
     */
    record Strays(String slot, WalPlace place) implements Change {}

    /** A marker: whoever has passed it has passed all that committed before it. */
    record Barrier(String id, WalPlace place) implements Change {}

    /** What its events take. */
    default int bytes() {
        return switch (this) {
            case Appended append -> append.events.length;
            case Unreadable row -> row.events.length;
            case Barrier _, Resolved _, Strays _, Repair _ -> 0;
        };
    }

    /** What and where it is, for logs. */
    default String describe() {
        String what =
                switch (this) {
                    case Appended append -> "run=%s seq=%d".formatted(append.run, append.firstSeq);
                    case Unreadable row -> "run=%s seq=%d".formatted(row.run, row.firstSeq);
                    case Resolved resolved -> "resolved run=" + resolved.run;
                    case Strays strays -> "strays slot=" + strays.slot;
                    case Repair repair -> "repair run=" + repair.run;
                    case Barrier _ -> "barrier";
                };
        return what + " position=" + place().at();
    }

    /** The change that is a row of the outbox. */
    static Change row(
            RunId run,
            String tenant,
            long firstSeq,
            int shard,
            int attempt,
            byte[] events,
            Instant appendedAt,
            @Nullable String trace,
            boolean topicless,
            WalPlace place) {
        try {
            return new Appended(
                    run,
                    new Tenant(tenant),
                    firstSeq,
                    shard,
                    attempt,
                    events,
                    appendedAt,
                    trace,
                    topicless,
                    place);
        } catch (OutrunException e) {
            return new Unreadable(
                    run, firstSeq, shard, events, String.valueOf(e.getMessage()), place);
        }
    }
}
