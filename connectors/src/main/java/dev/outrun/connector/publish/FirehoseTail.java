package dev.outrun.connector.publish;

import dev.outrun.connector.source.Split;
import dev.outrun.connector.topic.Consumers;
import dev.outrun.connector.topic.KafkaAddress;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.RecordHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The end of the firehose: what a publisher before us wrote behind its last checkpoint.
 *
 * @param ends per partition, the offset after the last record
 * @param lastSeqs the last seq of each run that has records there; the reader takes runs out as it
 *     meets them
 */
@SuppressWarnings("ArrayRecordComponent") // read once, at the start; nobody compares tails
public record FirehoseTail(long[] ends, Map<RunId, Long> lastSeqs) {

    /**
     * Reads a split's part of it, from these offsets to the end of now.
     *
     * @param from of every partition; null for all of it
     * @throws IllegalStateException if the firehose is shorter than the checkpoint says
     * @throws org.apache.kafka.common.KafkaException if the brokers do not answer in time
     */
    public static FirehoseTail read(
            KafkaAddress kafka,
            String topic,
            Split split,
            @Nullable List<Long> from,
            Duration limit) {
        try (Consumer<byte[], byte[]> consumer = Consumers.create(kafka, "outrun-firehose-tail")) {
            List<TopicPartition> partitions = Consumers.assign(consumer, topic, limit);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, limit);
            Map<RunId, Long> lastSeqs = new HashMap<>();
            Map<TopicPartition, Long> begins =
                    new HashMap<>(consumer.beginningOffsets(partitions, limit));
            if (from != null) {
                check(topic, from, partitions, ends);
                begins.replaceAll(
                        (partition, first) -> Math.max(first, from.get(partition.partition())));
            }
            begins.keySet().removeIf(partition -> !split.has(partition.partition()));
            consumer.assign(begins.keySet());
            Map<TopicPartition, Long> ownEnds = new HashMap<>(ends);
            ownEnds.keySet().retainAll(begins.keySet());
            Consumers.readAll(consumer, begins, ownEnds, limit, record -> note(lastSeqs, record));
            long[] all = new long[partitions.size()];
            ends.forEach((partition, end) -> all[partition.partition()] = end);
            return new FirehoseTail(all, lastSeqs);
        }
    }

    private static void note(Map<RunId, Long> lastSeqs, ConsumerRecord<byte[], byte[]> record) {
        RunId run = RunId.parse(new String(record.key(), StandardCharsets.UTF_8));
        lastSeqs.merge(run, RecordHeaders.seq(record.headers()), Math::max);
    }

    private static void check(
            String topic,
            List<Long> from,
            List<TopicPartition> partitions,
            Map<TopicPartition, Long> ends) {
        List<String> wrong = new ArrayList<>();
        if (from.size() > partitions.size()) {
            wrong.add("it has " + partitions.size() + " partitions, not " + from.size());
        }
        for (TopicPartition partition : partitions) {
            int number = partition.partition();
            if (number >= from.size()) {
                wrong.add("partition " + number + " was not there");
                continue;
            }
            long end = ends.getOrDefault(partition, 0L);
            if (end < from.get(number)) {
                wrong.add(
                        "partition %d ends at %d, before %d"
                                .formatted(number, end, from.get(number)));
            }
        }
        if (!wrong.isEmpty()) {
            throw new IllegalStateException(
                    "topic " + topic + " is not the one of the checkpoint: " + wrong);
        }
    }
}
