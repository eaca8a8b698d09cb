package dev.outrun.schema.topic;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * The headers of an event's record, in a run topic and in the firehose alike: CloudEvents 1.0 in
 * binary mode, and Outrun's own. Key = run id, value = the event's data. All header values are
 * UTF-8 text.
 */
public final class RecordHeaders {

    public static final String SPEC_VERSION = "ce_specversion";
    public static final String ID = "ce_id";
    public static final String SOURCE = "ce_source";
    public static final String TYPE = "ce_type";
    public static final String TIME = "ce_time";
    public static final String SEQUENCE = "ce_sequence";
    public static final String ATTEMPT = "outrun_attempt";
    public static final String TRACE_PARENT = "traceparent";

    /** Of a dead letter: why it is one. Its {@link #SEQUENCE} is its first event's. */
    public static final String REASON = "outrun_reason";

    /** Of a dead letter that is a record: who could not take it. */
    public static final String READER = "outrun_reader";

    /** Of a dead letter that is a record: what was thrown, the name of its class. */
    public static final String ERROR = "outrun_error";

    /** Of a dead letter that is a record: where it was. */
    public static final String TOPIC = "outrun_topic";

    public static final String PARTITION = "outrun_partition";
    public static final String OFFSET = "outrun_offset";

    private static final int REASON_MAX = 1_000;

    private static final byte[] VERSION_1_0 = utf8("1.0");

    private RecordHeaders() {}

    /** Writes an event's headers; the trace parent only where there is one. */
    public static void write(Headers headers, Event event, @Nullable String traceParent) {
        byte[] seq = utf8(Long.toString(event.seq()));
        headers.add(SPEC_VERSION, VERSION_1_0)
                .add(ID, seq)
                .add(SOURCE, utf8("/runs/" + event.run()))
                .add(TYPE, utf8(event.type()))
                .add(TIME, utf8(event.time().toString()))
                .add(SEQUENCE, seq)
                .add(ATTEMPT, utf8(Integer.toString(event.attempt())));
        if (traceParent != null) {
            headers.add(TRACE_PARENT, utf8(traceParent));
        }
    }

    /** Writes the headers of a dead letter that is an append. */
    public static void writeDeadLetter(Headers headers, long seq, String reason) {
        headers.add(SEQUENCE, utf8(Long.toString(seq))).add(REASON, utf8(reason));
    }

    /**
     * Writes the headers of a dead letter that is a record, behind its own.
     *
     * @param why its reason is the message's first 1,000 characters, or its class where it has none
     */
    public static void writeUnread(
            Headers headers,
            String reader,
            String topic,
            int partition,
            long offset,
            Throwable why) {
        String error = why.getClass().getName();
        String message = why.getMessage() == null ? error : why.getMessage();
        headers.add(READER, utf8(reader))
                .add(TOPIC, utf8(topic))
                .add(PARTITION, utf8(Integer.toString(partition)))
                .add(OFFSET, utf8(Long.toString(offset)))
                .add(ERROR, utf8(error))
                .add(REASON, utf8(message.substring(0, Math.min(message.length(), REASON_MAX))));
    }

    /**
     * Reads an event back from its record.
     *
     * @throws IllegalArgumentException if the record was not written by a publisher
     */
    public static Event read(ConsumerRecord<byte[], byte[]> record) {
        return read(record.key(), record.value(), record.headers());
    }

    /** Reads an event back from its record's parts; throws as for a whole record. */
    public static Event read(byte[] key, byte[] value, Headers headers) {
        return new Event(
                RunId.parse(new String(key, StandardCharsets.UTF_8)),
                seq(headers),
                text(headers, TYPE),
                Integer.parseInt(text(headers, ATTEMPT)),
                HeaderTime.parse(text(headers, TIME)),
                value);
    }

    /** The seq alone, for readers that look for a place in the log. */
    public static long seq(Headers headers) {
        return Long.parseLong(text(headers, SEQUENCE));
    }

    /** The text of a header that every event has. */
    public static String text(Headers headers, String name) {
        Header header = headers.lastHeader(name);
        if (header == null) {
            throw new IllegalArgumentException("the record has no header " + name);
        }
        return new String(header.value(), StandardCharsets.UTF_8);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
