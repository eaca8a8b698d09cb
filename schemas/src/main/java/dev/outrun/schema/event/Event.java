package dev.outrun.schema.event;

import dev.outrun.schema.run.RunId;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/**
 * One event of a run's log, as it is in Postgres, in Kafka and on the wire.
 *
 * @param seq its place in the log, from 0; its offset in the run's topic
 * @param attempt the attempt that wrote it; 0 before the first
 * @param time when it was appended, to the microsecond
 * @param data JSON, byte for byte as it was appended; callers do not change the array
 */
@SuppressWarnings("ArrayRecordComponent") // the bytes pass through; nobody compares events
public record Event(RunId run, long seq, String type, int attempt, Instant time, byte[] data) {

    /**
     * The envelope: {@code {"run","seq","type","attempt","time","data"}}, UTF-8, on one line if the
     * data is.
     */
    public byte[] envelope() {
        // Types, ids and times need no escaping: EventSlicer and the ledger admit no quote or
        // backslash.
        byte[] head =
                ("{\"run\":\""
                                + run
                                + "\",\"seq\":"
                                + seq
                                + ",\"type\":\""
                                + type
                                + "\",\"attempt\":"
                                + attempt
                                + ",\"time\":\""
                                + time
                                + "\",\"data\":")
                        .getBytes(StandardCharsets.UTF_8);
        byte[] envelope = new byte[head.length + data.length + 1];
        System.arraycopy(head, 0, envelope, 0, head.length);
        System.arraycopy(data, 0, envelope, head.length, data.length);
        envelope[envelope.length - 1] = '}';
        return envelope;
    }
}
