package dev.outrun.testkit;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.RecordHeaders;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.streams.test.TestRecord;

/** The firehose in memory: a list of records for each shard. */
final class Firehose {

    private final List<List<TestRecord<byte[], byte[]>>> shards = new ArrayList<>();

    Firehose(int count) {
        for (int shard = 0; shard < count; shard++) {
            shards.add(new ArrayList<>());
        }
    }

    /** A shard's records, those to come as well. */
    List<TestRecord<byte[], byte[]>> shard(int shard) {
        return shards.get(shard);
    }

    /** An event's record, as the publisher writes it. */
    void publish(int shard, Event event) {
        var headers = new org.apache.kafka.common.header.internals.RecordHeaders();
        RecordHeaders.write(headers, event, null);
        byte[] key = event.run().toString().getBytes(StandardCharsets.UTF_8);
        shards.get(shard).add(new TestRecord<>(key, event.data(), headers, event.time()));
    }

    /** What is published of a run, in order. */
    List<Event> of(RunId run) {
        return all().stream().filter(event -> event.run().equals(run)).toList();
    }

    /** The seq that is next of each log. */
    Map<RunId, Long> ends() {
        Map<RunId, Long> ends = new HashMap<>();
        all().forEach(event -> ends.put(event.run(), event.seq() + 1));
        return ends;
    }

    private List<Event> all() {
        return shards.stream()
                .flatMap(List::stream)
                .map(record -> RecordHeaders.read(record.key(), record.value(), record.headers()))
                .toList();
    }
}
