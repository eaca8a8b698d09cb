package dev.outrun.worker;

import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.work.Heartbeat;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker's signs of life: every second one record to every partition, so that each shard's engine
 * sees them. A thread and a producer of their own: nothing the worker does can hold them up.
 */
final class Heartbeats implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Heartbeats.class);

    private static final Duration EVERY = Duration.ofSeconds(1);

    /** How long the last sign may take. */
    private static final Duration LEAVE_MAX = Duration.ofSeconds(2);

    private final Producer<byte[], byte[]> producer;
    private final String topic;
    private final Heartbeat alive;
    private final CountDownLatch leaving = new CountDownLatch(1);
    private final Thread thread;
    private volatile Optional<String> problem = Optional.empty();

    private Heartbeats(Producer<byte[], byte[]> producer, String topic, Heartbeat alive) {
        this.producer = producer;
        this.topic = topic;
        this.alive = alive;
        this.thread =
                Thread.ofPlatform()
                        .name("heartbeats-" + alive.worker())
                        .daemon()
                        .unstarted(this::run);
    }

    /**
     * Sends the first ones, waits until they are there, and goes on.
     *
     * @throws KafkaException if Kafka does not answer within the wait
     */
    static Heartbeats start(KafkaAddress kafka, String topic, Heartbeat alive, Duration wait) {
        Heartbeats heartbeats =
                new Heartbeats(
                        new KafkaProducer<>(
                                kafka.client(config(alive.worker())),
                                new ByteArraySerializer(),
                                new ByteArraySerializer()),
                        topic,
                        alive);
        try {
            heartbeats.await(heartbeats.send(alive), wait);
            heartbeats.thread.start();
            return heartbeats;
        } catch (RuntimeException e) {
            heartbeats.producer.close(Duration.ZERO);
            throw e;
        }
    }

    private static Map<String, Object> config(String worker) {
        return Map.ofEntries(
                Map.entry(ProducerConfig.CLIENT_ID_CONFIG, "heartbeats-" + worker),
                // In order, so that the one that says leaving is the last.
                Map.entry(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true),
                Map.entry(ProducerConfig.ACKS_CONFIG, "all"),
                Map.entry(ProducerConfig.LINGER_MS_CONFIG, 0),
                // A sign of life is worth nothing once it is old: the next ones say the same.
                Map.entry(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 2_000),
                Map.entry(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 5_000),
                Map.entry(ProducerConfig.MAX_BLOCK_MS_CONFIG, 2_000),
                Map.entry(ProducerConfig.BUFFER_MEMORY_CONFIG, 1L << 20));
    }

    Optional<String> problem() {
        return problem;
    }

    private void run() {
        try {
            while (!leaving.await(EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
                beat();
            }
        } catch (InterruptedException e) {
            // Nobody interrupts this thread; without it the worker is taken for lost, which is
            // then true.
            problem = Optional.of("heartbeats interrupted");
        }
    }

    private void beat() {
        try {
            send(alive);
        } catch (KafkaException e) {
            failed(e);
        }
    }

    private List<Future<RecordMetadata>> send(Heartbeat heartbeat) {
        byte[] key = heartbeat.worker().getBytes(StandardCharsets.UTF_8);
        byte[] value = WireJson.write(heartbeat);
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (PartitionInfo partition : producer.partitionsFor(topic)) {
            sent.add(
                    producer.send(
                            new ProducerRecord<>(topic, partition.partition(), key, value),
                            (metadata, failure) -> answered(failure)));
        }
        return sent;
    }

    private void answered(@org.jspecify.annotations.Nullable Exception failure) {
        if (failure == null) {
            problem = Optional.empty();
        } else {
            failed(failure);
        }
    }

    private void failed(Exception failure) {
        if (problem.isEmpty()) {
            log.warn("heartbeat not sent topic={} error={}", topic, failure.toString());
        }
        problem = Optional.of("Kafka takes no heartbeats: " + failure.getClass().getSimpleName());
    }

    private void await(List<Future<RecordMetadata>> sent, Duration wait) {
        long until = System.nanoTime() + wait.toNanos();
        try {
            for (Future<RecordMetadata> each : sent) {
                each.get(until - System.nanoTime(), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new KafkaException("no heartbeat reached " + topic, e);
        }
    }

    /** Sends the last ones, which say that the worker leaves. Bounded. */
    @Override
    public void close() {
        if (leaving.getCount() == 0) {
            return;
        }
        leaving.countDown();
        try {
            await(send(new Heartbeat(alive.worker(), alive.session(), true)), LEAVE_MAX);
        } catch (KafkaException e) {
            // The engine finds out by the silence, later.
            log.warn("worker leaves in silence topic={} error={}", topic, e.toString());
        }
        producer.close(LEAVE_MAX);
    }
}
