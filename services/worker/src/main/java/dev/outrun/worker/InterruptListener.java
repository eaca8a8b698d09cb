package dev.outrun.worker;

import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.work.Interrupt;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears every interrupt sent after its start: all partitions, no group. One that is missed all the
 * same is sent again, since the engine waits for what becomes of it.
 */
final class InterruptListener implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(InterruptListener.class);

    private static final Duration POLL_WAIT = Duration.ofSeconds(1);
    private static final Duration CLOSE_MAX = Duration.ofSeconds(3);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Consumer<Interrupt> interrupts;
    private final Thread thread;
    private volatile boolean closing;
    private volatile Optional<String> problem = Optional.empty();

    private InterruptListener(
            String worker, KafkaConsumer<byte[], byte[]> consumer, Consumer<Interrupt> interrupts) {
        this.consumer = consumer;
        this.interrupts = interrupts;
        this.thread =
                Thread.ofPlatform().name("interrupts-" + worker).daemon().unstarted(this::run);
    }

    /**
     * Listens from the present end of the topic on.
     *
     * @throws KafkaException if Kafka does not answer within the wait
     */
    static InterruptListener start(
            KafkaAddress kafka,
            String topic,
            String worker,
            Consumer<Interrupt> interrupts,
            Duration wait) {
        KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(
                        kafka.client(config(worker)),
                        new ByteArrayDeserializer(),
                        new ByteArrayDeserializer());
        try {
            seekToEnd(consumer, topic, wait);
        } catch (RuntimeException e) {
            consumer.close(CloseOptions.timeout(Duration.ZERO));
            throw e;
        }
        InterruptListener listener = new InterruptListener(worker, consumer, interrupts);
        listener.thread.start();
        return listener;
    }

    private static void seekToEnd(KafkaConsumer<?, ?> consumer, String topic, Duration wait) {
        List<TopicPartition> partitions =
                consumer.partitionsFor(topic, wait).stream()
                        .map(info -> new TopicPartition(topic, info.partition()))
                        .toList();
        if (partitions.isEmpty()) {
            throw new TimeoutException("no topic " + topic);
        }
        consumer.assign(partitions);
        consumer.endOffsets(partitions, wait).forEach(consumer::seek);
    }

    private static Map<String, Object> config(String worker) {
        return Map.ofEntries(
                Map.entry(ConsumerConfig.CLIENT_ID_CONFIG, "interrupts-" + worker),
                Map.entry(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "classic"),
                // Positions are this process's alone: what was sent before its start is not for it.
                Map.entry(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false),
                // Only where the topic was made anew.
                Map.entry(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest"),
                // The engine may write in transactions.
                Map.entry(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed"),
                Map.entry(ConsumerConfig.FETCH_MIN_BYTES_CONFIG, 1),
                Map.entry(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 500),
                Map.entry(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false));
    }

    Optional<String> problem() {
        return problem;
    }

    private void run() {
        try {
            while (!closing) {
                poll();
            }
        } catch (WakeupException e) {
            // close() wakes the poll.
        } catch (RuntimeException e) {
            problem = Optional.of("no interrupts: " + e.getClass().getSimpleName());
            log.error("interrupts not heard any more", e);
        } finally {
            consumer.close(CloseOptions.timeout(CLOSE_MAX));
        }
    }

    private void poll() {
        try {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL_WAIT)) {
                hear(record);
            }
            problem = Optional.empty();
        } catch (RetriableException e) {
            problem = Optional.of("interrupts wait for Kafka");
            log.warn("interrupts wait for Kafka error={}", e.toString());
        }
    }

    private void hear(ConsumerRecord<byte[], byte[]> record) {
        try {
            interrupts.accept(WireJson.read(record.value(), Interrupt.class));
        } catch (IllegalArgumentException | OutrunException e) {
            log.error(
                    "no interrupt topic={} partition={} offset={}",
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    e);
        }
    }

    @Override
    public void close() {
        closing = true;
        consumer.wakeup();
        try {
            thread.join(CLOSE_MAX);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
