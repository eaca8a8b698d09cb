package dev.outrun.worker.lease;

import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.work.Heartbeat;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Signs of life of single attempts: one record to the partition of the run's own shard, whose
 * engine alone waits for it.
 */
final class AttemptSigns implements AutoCloseable {

    private static final Duration CLOSE_MAX = Duration.ofSeconds(1);

    private final Producer<byte[], byte[]> producer;
    private final String topic;

    AttemptSigns(KafkaAddress kafka, String topic) {
        this.producer =
                new KafkaProducer<>(
                        kafka.client(config()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer());
        this.topic = topic;
    }

    private static Map<String, Object> config() {
        return Map.ofEntries(
                Map.entry(ProducerConfig.CLIENT_ID_CONFIG, "attempt-signs"),
                Map.entry(ProducerConfig.ACKS_CONFIG, "all"),
                Map.entry(ProducerConfig.LINGER_MS_CONFIG, 0),
                // A sign of life is worth nothing once it is old: the next one says the same.
                Map.entry(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 2_000),
                Map.entry(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 4_000),
                Map.entry(ProducerConfig.MAX_BLOCK_MS_CONFIG, 2_000),
                Map.entry(ProducerConfig.BUFFER_MEMORY_CONFIG, 4L << 20));
    }

    /**
     * Sends one.
     *
     * @throws org.apache.kafka.common.KafkaException if Kafka does not answer
     */
    Future<RecordMetadata> send(Heartbeat heartbeat, int shard) {
        byte[] key = heartbeat.worker().getBytes(StandardCharsets.UTF_8);
        return producer.send(new ProducerRecord<>(topic, shard, key, WireJson.write(heartbeat)));
    }

    @Override
    public void close() {
        producer.close(CLOSE_MAX);
    }
}
