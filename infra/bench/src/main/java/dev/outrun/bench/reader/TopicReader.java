package dev.outrun.bench.reader;

import dev.outrun.bench.figure.Ages;
import dev.outrun.bench.figure.Arrivals;
import dev.outrun.bench.load.Tick;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Follows topics from their ends on, on a thread of its own, as any consumer would. */
public final class TopicReader implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration KNOWN_MAX = Duration.ofSeconds(30);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Arrivals arrivals = new Arrivals();
    private final Thread thread;
    private volatile boolean closed;

    /** Of all partitions of these topics, which exist. */
    public TopicReader(String bootstrapServers, Collection<String> topics) {
        this.consumer =
                new KafkaConsumer<>(
                        Map.of(
                                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                                bootstrapServers,
                                ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                                10_000),
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

    /** The ages of so many since the last time; see {@link Arrivals#await}. */
    public Ages await(long expected) throws InterruptedException {
        return arrivals.await(expected);
    }

    /** Has the first event looked for that is due after this time. */
    public void mark(long time) {
        arrivals.mark(time);
    }

    /** When the event came that is looked for. */
    public long awaitBehindMark() throws InterruptedException {
        return arrivals.awaitBehindMark();
    }

    private void read() {
        while (!closed) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                byte[] value = record.value();
                long due = value == null ? -1 : Tick.due(value, 0, value.length);
                if (due >= 0) {
                    arrivals.arrived(due);
                }
            }
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
