package dev.outrun.connector.topic;

import dev.outrun.schema.topic.KafkaAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads stretches of topics, without a group. */
public final class Consumers {

    private Consumers() {}

    /** A consumer; the name is its client id. */
    public static Consumer<byte[], byte[]> create(KafkaAddress kafka, String name) {
        Map<String, Object> own = new HashMap<>();
        own.put(ConsumerConfig.CLIENT_ID_CONFIG, name);
        own.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        own.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        own.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        own.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        // Every offset we read from is one we have looked up: another one is an error.
        own.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        own.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 50);
        return new KafkaConsumer<>(kafka.client(own));
    }

    /** Assigns a topic's partitions, and returns them in order. */
    public static List<TopicPartition> assign(
            Consumer<byte[], byte[]> consumer, String topic, Duration limit) {
        int count = consumer.partitionsFor(topic, limit).size();
        if (count == 0) {
            throw new IllegalStateException("there is no topic " + topic);
        }
        List<TopicPartition> partitions =
                IntStream.range(0, count)
                        .mapToObj(number -> new TopicPartition(topic, number))
                        .toList();
        consumer.assign(partitions);
        return partitions;
    }

    /**
     * Reads each assigned partition from where it begins (inclusive) to where it ends (exclusive).
     *
     * @param limit patience without a single record
     */
    public static void readAll(
            Consumer<byte[], byte[]> consumer,
            Map<TopicPartition, Long> begins,
            Map<TopicPartition, Long> ends,
            Duration limit,
            java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> taker) {
        long deadline = System.nanoTime() + limit.toNanos();
        begins.forEach(consumer::seek);
        while (isBefore(consumer, ends)) {
            if (System.nanoTime() - deadline > 0) {
                throw new TimeoutException("nothing read in " + limit + " of " + begins.keySet());
            }
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                deadline = System.nanoTime() + limit.toNanos();
                TopicPartition partition = new TopicPartition(record.topic(), record.partition());
                if (record.offset() < ends.getOrDefault(partition, 0L)) {
                    taker.accept(record);
                }
            }
        }
    }

    private static boolean isBefore(
            Consumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends) {
        return ends.entrySet().stream()
                .anyMatch(end -> consumer.position(end.getKey()) < end.getValue());
    }
}
