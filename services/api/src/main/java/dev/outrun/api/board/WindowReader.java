package dev.outrun.api.board;

import dev.outrun.schema.analytics.Window;
import dev.outrun.schema.analytics.WindowKey;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.topic.KafkaAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts on the board what the windows topic has: all of the retention first, then what comes. A
 * thread with a consumer; when it fails, it begins anew, and the board stays as it is meanwhile.
 */
final class WindowReader implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(WindowReader.class);

    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final Duration READ_MAX = Duration.ofSeconds(3);
    private static final Duration ANSWER_MAX = Duration.ofSeconds(10);
    private static final Duration CLOSE_MAX = Duration.ofSeconds(2);

    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final String topic;
    private final Duration retention;
    private final InstantSource clock;
    private final Board board;
    private final CountDownLatch read = new CountDownLatch(1);
    private final Thread thread;
    private volatile @Nullable Consumer<byte[], byte[]> consumer;
    private volatile String problem = "the windows have not been read yet";

    WindowReader(
            Supplier<Consumer<byte[], byte[]>> consumers,
            String topic,
            Duration retention,
            InstantSource clock,
            Board board) {
        this.consumers = consumers;
        this.topic = topic;
        this.retention = retention;
        this.clock = clock;
        this.board = board;
        this.thread = Thread.ofPlatform().name("outrun-board").daemon().unstarted(this::run);
    }

    /** A consumer for it, every option with its why. */
    static Consumer<byte[], byte[]> consumer(KafkaAddress kafka, String topic) {
        Map<String, Object> options = new HashMap<>();
        options.put(ConsumerConfig.CLIENT_ID_CONFIG, "outrun-board-" + topic);
        options.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        options.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        // Windows are written in transactions: what is not committed never was.
        options.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        // All of it is read, by every node: there is no group, and nothing to commit.
        options.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        // A lost position is an error we handle, not a silent jump.
        options.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        // Reading must never make a topic.
        options.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        // A broker that comes back is found again within this time.
        options.put(ConsumerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 500);
        return new KafkaConsumer<>(kafka.client(options));
    }

    void start() {
        thread.start();
    }

    /**
     * Why the board is not what it should be; null where it is. Waits a moment while it is read for
     * the first time.
     */
    @Nullable String problem() throws InterruptedException {
        return read.await(READ_MAX.toMillis(), TimeUnit.MILLISECONDS) ? null : problem;
    }

    @Override
    public void close() {
        board.close();
        Consumer<byte[], byte[]> live = consumer;
        if (live != null) {
            live.wakeup();
        }
        try {
            if (!thread.join(CLOSE_MAX)) {
                thread.interrupt();
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            while (!board.isClosed()) {
                try {
                    readWithOneConsumer();
                } catch (RuntimeException e) {
                    if (!board.isClosed()) {
                        LOG.warn("event=windows_lost topic={} reason={}", topic, e.toString());
                        problem = "the windows cannot be read: " + e.getClass().getSimpleName();
                        board.awaitClosed(RETRY);
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // only close() interrupts: the thread ends
        }
    }

    private void readWithOneConsumer() {
        Consumer<byte[], byte[]> live = consumers.get();
        try {
            consumer = live;
            read(live);
        } catch (WakeupException e) {
            // Closing, which the loop sees.
        } finally {
            consumer = null;
            live.close(CloseOptions.timeout(Duration.ofMillis(500)));
        }
    }

    private void read(Consumer<byte[], byte[]> live) {
        List<TopicPartition> partitions =
                live.partitionsFor(topic, ANSWER_MAX).stream()
                        .map(each -> new TopicPartition(topic, each.partition()))
                        .toList();
        if (partitions.isEmpty()) {
            throw new IllegalStateException("there is no topic " + topic);
        }
        live.assign(partitions);
        Map<TopicPartition, Long> ends = live.endOffsets(partitions, ANSWER_MAX);
        seekToRetention(live, partitions);
        boolean complete = false;
        while (!board.isClosed()) {
            if (!complete && hasReached(live, ends)) {
                complete = true;
                read.countDown();
            }
            live.poll(complete ? POLL : Duration.ofMillis(20)).forEach(this::put);
        }
    }

    /** A record's timestamp is its window's start. */
    private void seekToRetention(Consumer<byte[], byte[]> live, List<TopicPartition> partitions) {
        long since = clock.instant().minus(retention).toEpochMilli();
        Map<TopicPartition, Long> times = new HashMap<>();
        partitions.forEach(each -> times.put(each, since));
        Map<TopicPartition, OffsetAndTimestamp> places = live.offsetsForTimes(times, ANSWER_MAX);
        for (TopicPartition each : partitions) {
            OffsetAndTimestamp place = places.get(each);
            if (place == null) {
                live.seekToEnd(List.of(each));
            } else {
                live.seek(each, place.offset());
            }
        }
    }

    private static boolean hasReached(
            Consumer<byte[], byte[]> live, Map<TopicPartition, Long> ends) {
        for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
            if (live.position(end.getKey(), ANSWER_MAX) < end.getValue()) {
                return false;
            }
        }
        return true;
    }

    private void put(ConsumerRecord<byte[], byte[]> record) {
        try {
            if (record.value() != null) {
                board.put(
                        WireJson.read(record.key(), WindowKey.class),
                        WireJson.read(record.value(), Window.class));
            }
        } catch (RuntimeException e) {
            LOG.warn(
                    "event=window_unreadable topic={} partition={} offset={} reason={}",
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    e.getMessage());
        }
    }
}
