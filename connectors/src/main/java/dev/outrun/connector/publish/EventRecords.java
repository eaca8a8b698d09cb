package dev.outrun.connector.publish;

import dev.outrun.connector.source.Change;
import dev.outrun.connector.topic.PlatformTopics;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventSlicer;
import dev.outrun.schema.topic.RecordHeaders;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;

/** The records of an append's events. */
final class EventRecords {

    /** What a record has besides its event's data is far below this. */
    private static final int DATA_MAX = PlatformTopics.RECORD_BYTES_MAX - (64 << 10);

    private EventRecords() {}

    /**
     * One for each event, in order, for the firehose; the one in the run's topic differs by topic
     * and partition only.
     *
     * @throws IllegalArgumentException if the append does not have the shape and size that the
     *     ledger's functions give it
     */
    static List<ProducerRecord<byte[], byte[]>> of(String topic, Change.Appended append) {
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        byte[] key = append.run().toString().getBytes(StandardCharsets.UTF_8);
        // A broker refuses times far ahead of its own clock; the event's own time is in a header.
        long time = Math.min(append.appendedAt().toEpochMilli(), System.currentTimeMillis());
        EventSlicer slicer = new EventSlicer(append.events());
        for (long seq = append.firstSeq(); slicer.next(); seq++) {
            Event event =
                    new Event(
                            append.run(),
                            seq,
                            slicer.type(),
                            append.attempt(),
                            append.appendedAt(),
                            slicer.data());
            check(event);
            ProducerRecord<byte[], byte[]> record =
                    new ProducerRecord<>(topic, append.shard(), time, key, event.data());
            RecordHeaders.write(record.headers(), event, append.trace());
            records.add(record);
        }
        if (records.isEmpty()) {
            throw new IllegalArgumentException("an append without an event");
        }
        return records;
    }

    private static void check(Event event) {
        if (event.data().length > DATA_MAX) {
            throw new IllegalArgumentException(
                    "the data of event %d has %d bytes, more than %d"
                            .formatted(event.seq(), event.data().length, DATA_MAX));
        }
    }

    /** The same; none where the append does not have that shape. */
    static List<ProducerRecord<byte[], byte[]>> readable(String topic, Change.Appended append) {
        try {
            return of(topic, append);
        } catch (IllegalArgumentException e) {
            return List.of();
        }
    }

    /** The same record for its run's topic. */
    static ProducerRecord<byte[], byte[]> in(
            String runTopic, ProducerRecord<byte[], byte[]> firehose) {
        return new ProducerRecord<>(
                runTopic,
                0,
                firehose.timestamp(),
                firehose.key(),
                firehose.value(),
                firehose.headers());
    }
}
