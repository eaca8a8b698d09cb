package dev.outrun.connector.publish;

import dev.outrun.connector.source.Change;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventSlicer;
import dev.outrun.schema.topic.RecordHeaders;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;

/** The records of an append's events. */
final class EventRecords {

    private EventRecords() {}

    /**
     * One for each event, in order, for the firehose; the one in the run's topic differs by topic
     * and partition only.
     *
     * @throws IllegalArgumentException if the append does not have the shape that the ledger's
     *     functions give it
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
            ProducerRecord<byte[], byte[]> record =
                    new ProducerRecord<>(topic, append.shard(), time, key, event.data());
            RecordHeaders.write(record.headers(), event, append.trace());
            records.add(record);
        }
        return records;
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
