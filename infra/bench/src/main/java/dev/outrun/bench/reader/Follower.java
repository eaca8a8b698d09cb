package dev.outrun.bench.reader;

import dev.outrun.schema.topic.KafkaAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Follows topics from their ends on, on a thread of its own, as any consumer would. */
final class Follower implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration KNOWN_MAX = Duration.ofSeconds(30);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Consumer<ConsumerRecord<byte[], byte[]>> taker;
    private final Thread thread;
    private volatile boolean closed;

    /**
     * Of all partitions of these topics, which exist. What is written from now on is taken.
     *
     * @param taker called with each record, on the thread
     */
    Follower(
            KafkaAddress kafka,
            Collection<String> topics,
            Consumer<ConsumerRecord<byte[], byte[]>> taker) {
        this.taker = taker;
        this.consumer =
                new KafkaConsumer<>(
                        kafka.client(Map.of(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 10_000)),
                        new ByteArrayDeserializer(),
                        new ByteArrayDeserializer());
        List<TopicPartition> partitions = new ArrayList<>();
        for (String topic : topics) {
            known(topic)
                    .forEach(each -> partitions.add(new TopicPartition(topic, each.partition())));
        }
        consumer.assign(partitions);
        consumer.seekToEnd(partitions);
        partitions.forEach(consumer::position);
        this.thread = Thread.ofPlatform().name("bench-reader").start(this::read);
    }

    /** The partitions of a topic, which the broker may have heard of a moment after it was made. */
    private List<PartitionInfo> known(String topic) {
        List<PartitionInfo> known = consumer.partitionsFor(topic);
        for (long deadline = System.nanoTime() + KNOWN_MAX.toNanos();
                known.isEmpty();
                known = consumer.partitionsFor(topic)) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("the broker does not know " + topic);
            }
        }
        return known;
    }

    private void read() {
        while (!closed) {
            consumer.poll(POLL).forEach(taker);
        }
        consumer.close();
    }

    @Override
    public void close() {
        closed = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
