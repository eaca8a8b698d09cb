package dev.outrun.connector.publish;

import dev.outrun.connector.topic.KafkaAddress;
import dev.outrun.connector.topic.PlatformTopics;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Makes the lanes' producers: idempotent ones that never give up on their own.
 *
 * <p>Idempotence keeps the order of what is under way only where the broker knows the producer. To
 * a partition it has never written to, the first batch may be refused, because the broker has just
 * made the topic and is not its leader yet, and the second one be taken a moment later: a broker
 * that has no state of a producer accepts any sequence number as its first. So only one request may
 * be under way until a partition has acknowledged something.
 */
final class Producers {

    private Producers() {}

    /** The live lane's: every record leaves at once. */
    static Producer<byte[], byte[]> live(KafkaAddress kafka, String name) {
        Map<String, Object> own = common(name);
        own.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        own.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 5);
        // Batches still form while five requests are under way: big ones, few partitions.
        own.put(ProducerConfig.BATCH_SIZE_CONFIG, 128 << 10);
        own.put(ProducerConfig.BUFFER_MEMORY_CONFIG, 64L << 20);
        return create(kafka, own);
    }

    /** A run lane's, which has been patient itself. */
    static Producer<byte[], byte[]> runs(KafkaAddress kafka, String name) {
        Map<String, Object> own = common(name);
        own.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        // With two requests under way a new topic's records come out of order: see below. The lane
        // is not the fast one, and its requests get fuller.
        own.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        // A buffer per topic being written: larger ones exhaust the memory at thousands of runs.
        own.put(ProducerConfig.BATCH_SIZE_CONFIG, 16 << 10);
        own.put(ProducerConfig.BUFFER_MEMORY_CONFIG, 64L << 20);
        // Each new topic is merged into the map of all known ones: forget idle runs soon.
        own.put(ProducerConfig.METADATA_MAX_IDLE_CONFIG, 30_000);
        return create(kafka, own);
    }

    /** The checkpoints': one small record now and then. */
    static Producer<byte[], byte[]> checkpoints(KafkaAddress kafka, String name) {
        Map<String, Object> own = common(name);
        own.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        own.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        return create(kafka, own);
    }

    private static Map<String, Object> common(String name) {
        Map<String, Object> own = new HashMap<>();
        own.put(ProducerConfig.CLIENT_ID_CONFIG, name);
        own.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        own.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        // In order and without duplicates within one producer's life; acks=all is its condition.
        own.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        own.put(ProducerConfig.ACKS_CONFIG, "all");
        // A record given up on would be a hole: whoever watches our health decides, not a timer.
        own.put(ProducerConfig.RETRIES_CONFIG, Integer.MAX_VALUE);
        own.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Integer.MAX_VALUE);
        own.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, Integer.MAX_VALUE);
        own.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 10_000);
        // The default of 100 ms is longer than a new topic's metadata takes.
        own.put(ProducerConfig.RETRY_BACKOFF_MS_CONFIG, 5L);
        own.put(ProducerConfig.RETRY_BACKOFF_MAX_MS_CONFIG, 500L);
        own.put(ProducerConfig.RECONNECT_BACKOFF_MS_CONFIG, 20L);
        own.put(ProducerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 500L);
        own.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, PlatformTopics.RECORD_BYTES_MAX);
        own.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "none");
        own.put(ProducerConfig.ENABLE_METRICS_PUSH_CONFIG, false);
        return own;
    }

    private static Producer<byte[], byte[]> create(KafkaAddress kafka, Map<String, Object> own) {
        return new KafkaProducer<>(kafka.client(own));
    }
}
