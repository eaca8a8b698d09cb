package dev.outrun.connector.publish;

import dev.outrun.connector.source.Lsn;
import java.util.List;
import java.util.stream.LongStream;

/**
 * How far a publisher has come: every transaction that committed before {@code position}, and no
 * other one, is in both lanes before {@code firehose}.
 *
 * @param system the Postgres cluster whose log it is, as an unsigned decimal
 * @param timeline which of the cluster's histories
 * @param position a commit's end, {@code 16/B374D848}
 * @param firehose per partition, the offset after the last record of those transactions
 */
public record Checkpoint(String system, int timeline, String position, List<Long> firehose) {

    /** A checkpoint from the numbers themselves. */
    public static Checkpoint of(long system, int timeline, Lsn position, long[] firehose) {
        return new Checkpoint(
                Long.toUnsignedString(system),
                timeline,
                position.toString(),
                LongStream.of(firehose).boxed().toList());
    }

    /** The position as a number. */
    public Lsn lsn() {
        return Lsn.parse(position);
    }
}
