package dev.outrun.bench.limit;

import dev.outrun.schema.topic.KafkaAddress;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Topics and producers with nothing of Outrun's about them. */
final class Bare {

    private Bare() {}

    /** Makes topics. */
    static void makeTopics(KafkaAddress kafka, Collection<NewTopic> topics)
            throws InterruptedException, ExecutionException {
        try (Admin admin = Admin.create(kafka.client(Map.of()))) {
            admin.createTopics(topics).all().get();
        }
    }

    /** A producer that does not linger; the rest is Kafka's default, but for these settings. */
    static KafkaProducer<byte[], byte[]> producer(
            KafkaAddress kafka, Map<String, Object> settings) {
        Map<String, Object> all = new HashMap<>(settings);
        all.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        return new KafkaProducer<>(
                kafka.client(all), new ByteArraySerializer(), new ByteArraySerializer());
    }
}
