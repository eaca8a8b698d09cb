package dev.outrun.connector.publish;

import dev.outrun.connector.source.Split;
import dev.outrun.connector.topic.Consumers;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.RecordHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The end of the firehose: what a publisher before us wrote behind its last checkpoint.
 *
 * @param ends per partition, the offset after the last record
 * @param lastSeqs the highest seq of each run that has records there; the reader takes runs out as
 *     it meets them
 * @param late the seqs that are there behind a higher one of their run, because they were published
 *     late or are copies; the reader takes them out as it meets them
 */
@SuppressWarnings("ArrayRecordComponent") // read once, at the start; nobody compares tails
public record FirehoseTail(long[] ends, Map<RunId, Long> lastSeqs, Map<RunId, Set<Long>> late) {

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
            FirehoseTail tail =
                    new FirehoseTail(new long[partitions.size()], new HashMap<>(), new HashMap<>());
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
            Consumers.readAll(consumer, begins, ownEnds, limit, tail::note);
            ends.forEach((partition, end) -> tail.ends[partition.partition()] = end);
            return tail;
        }
    }

    private void note(ConsumerRecord<byte[], byte[]> record) {
        RunId run = RunId.parse(new String(record.key(), StandardCharsets.UTF_8));
        long seq = RecordHeaders.seq(record.headers());
        Long last = lastSeqs.get(run);
        if (last == null || last < seq) {
            lastSeqs.put(run, seq);
        } else {
            late.computeIfAbsent(run, _ -> new HashSet<>()).add(seq);
        }
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
