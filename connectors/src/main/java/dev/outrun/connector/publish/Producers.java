package dev.outrun.connector.publish;

import dev.outrun.connector.topic.PlatformTopics;
import dev.outrun.schema.topic.KafkaAddress;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Makes the lanes' producers: idempotent ones that never give up on their own, with one request
 * under way and no linger.
 *
 * <p>So batches form by themselves: whatever is sent while a request is under way leaves together
 * with the next one. A quiet lane sends each record at once, a busy one sends few and full
 * requests, for which the broker, and every reader behind it, has less to do.
 *
 * <p>And it keeps the order on topics that have just been made. Idempotence alone keeps it only
 * where the broker knows the producer: the first batch may be refused, because the broker is not
 * the new topic's leader yet, and the second be taken a moment later, since a broker that has no
 * state of a producer accepts any sequence number as its first.
 */
final class Producers {

    private Producers() {}

    /** The live lane's: few partitions, large batches. */
    static Producer<byte[], byte[]> live(KafkaAddress kafka, String name) {
        Map<String, Object> own = common(name);
        own.put(ProducerConfig.BATCH_SIZE_CONFIG, 128 << 10);
        own.put(ProducerConfig.BUFFER_MEMORY_CONFIG, 64L << 20);
        return create(kafka, own);
    }

    /** A run lane's: many topics, small batches. */
    static Producer<byte[], byte[]> runs(KafkaAddress kafka, String name) {
        Map<String, Object> own = common(name);
        // A buffer per topic being written: larger ones exhaust the memory at thousands of runs.
        own.put(ProducerConfig.BATCH_SIZE_CONFIG, 16 << 10);
        own.put(ProducerConfig.BUFFER_MEMORY_CONFIG, 32L << 20);
        // Each new topic is merged into the map of all known ones: forget idle runs soon.
        own.put(ProducerConfig.METADATA_MAX_IDLE_CONFIG, 30_000);
        // Before somebody looks whether the topic is gone.
        own.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 2_000);
        return create(kafka, own);
    }

    /** The checkpoints': one small record now and then. */
    static Producer<byte[], byte[]> checkpoints(KafkaAddress kafka, String name) {
        return create(kafka, common(name));
    }

    private static Map<String, Object> common(String name) {
        Map<String, Object> own = new HashMap<>();
        own.put(ProducerConfig.CLIENT_ID_CONFIG, name);
        own.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        own.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        // In order and without duplicates within one producer's life; acks=all is its condition.
        own.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        own.put(ProducerConfig.ACKS_CONFIG, "all");
        own.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        own.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        // Records name their partition. Else each look at a topic counts its partitions' queues.
        own.put(ProducerConfig.PARTITIONER_ADAPTIVE_PARTITIONING_ENABLE_CONFIG, false);
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
        return own;
    }

    private static Producer<byte[], byte[]> create(KafkaAddress kafka, Map<String, Object> own) {
        return new KafkaProducer<>(kafka.client(own));
    }
}
