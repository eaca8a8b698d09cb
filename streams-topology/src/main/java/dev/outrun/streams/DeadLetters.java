package dev.outrun.streams;

import dev.outrun.schema.topic.RecordHeaders;
import dev.outrun.schema.topic.Topics;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The records that a topology cannot take, in a topic where somebody may look at them: as they
 * were, with where that was, and why. One for a topology in a process, whose tasks share it.
 * Thread-safe.
 *
 * <p>There is at least one letter for such a record, and another each time that it is read again.
 */
public final class DeadLetters {

    private static final Logger LOG = LoggerFactory.getLogger(DeadLetters.class);

    private static final String SINK = "dead-letters";

    /** What a letter's own headers take at most. */
    private static final int OWN_BYTES_MAX = 16 << 10;

    /** Of a record's key, value and headers; what is larger is left where it was. */
    static final int BYTES_MAX = StreamsProcess.RECORD_BYTES_MAX - OWN_BYTES_MAX;

    /** Records that are known to have brought a thread down; of more the first are forgotten. */
    private static final int SUSPECTS_MAX = 1_000;

    private final String reader;
    private final LongAdder count = new LongAdder();
    private final Map<Place, Throwable> suspects =
            Collections.synchronizedMap(
                    new LinkedHashMap<>() {
                        @Override
                        protected boolean removeEldestEntry(Map.Entry<Place, Throwable> eldest) {
                            return size() > SUSPECTS_MAX;
                        }
                    });

    /** Where a record is. */
    private record Place(String topic, int partition, long offset) {

        static Place of(RecordMetadata origin) {
            return new Place(origin.topic(), origin.partition(), origin.offset());
        }
    }

    /** Of a topology that letters call by this name. */
    public DeadLetters(String reader) {
        this.reader = reader;
    }

    /** Letters written by this process so far. */
    public long count() {
        return count.sum();
    }

    /** Lets a processor of a topology write letters. */
    public void addSink(Topology topology, Topics topics, String processor) {
        var bytes = new ByteArraySerializer();
        topology.addSink(SINK, topics.deadLetters(), bytes, bytes, processor);
    }

    /** What one task of the topology does not take. */
    @SuppressWarnings("unchecked") // the sink takes bytes, whatever the processor's others take
    public Unread of(ProcessorContext<?, ?> task) {
        return new Unread(this, (ProcessorContext<Object, Object>) task);
    }

    void write(
            ProcessorContext<Object, Object> task,
            Record<byte[], byte[]> record,
            RecordMetadata origin,
            Throwable why) {
        long now = task.currentSystemTimeMs();
        Record<byte[], byte[]> letter =
                bytesOf(record) > BYTES_MAX
                        ? new Record<>(null, null, now)
                        : new Record<>(record.key(), record.value(), now, record.headers());
        RecordHeaders.writeUnread(
                letter.headers(), reader, origin.topic(), origin.partition(), origin.offset(), why);
        task.forward(letter, SINK);
        count.increment();
        // An unreadable record is told by its message; the causes below it may quote a payload.
        // Anything else is a bug of ours, and needs its stack.
        LOG.error(
                "record skipped reader={} topic={} partition={} offset={} reason={}",
                reader,
                origin.topic(),
                origin.partition(),
                origin.offset(),
                why.getMessage(),
                why instanceof IllegalArgumentException ? null : why);
    }

    /** Why this record brought a thread down, if it did. */
    @Nullable Throwable suspected(RecordMetadata origin) {
        return suspects.get(Place.of(origin));
    }

    void suspect(RecordMetadata origin, Throwable why) {
        suspects.put(Place.of(origin), why);
    }

    private static long bytesOf(Record<byte[], byte[]> record) {
        long bytes = length(record.key()) + length(record.value());
        for (Header each : record.headers()) {
            // At most three bytes a character, and the two lengths.
            bytes += 3L * each.key().length() + length(each.value()) + 10;
        }
        return bytes;
    }

    private static long length(byte @Nullable [] bytes) {
        return bytes == null ? 0 : bytes.length;
    }
}
