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
    private final Map<RunId, List<Event>> logs = new HashMap<>();

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
        logs.computeIfAbsent(event.run(), _ -> new ArrayList<>()).add(event);
    }

    /** What is published of a run, in order. */
    List<Event> of(RunId run) {
        return logs.getOrDefault(run, List.of());
    }

    /** The seq that is next of each log. */
    Map<RunId, Long> ends() {
        Map<RunId, Long> ends = new HashMap<>();
        logs.forEach((run, log) -> ends.put(run, log.getLast().seq() + 1));
        return ends;
    }
}
