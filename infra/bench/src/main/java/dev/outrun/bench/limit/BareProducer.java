package dev.outrun.bench.limit;

import dev.outrun.bench.figure.Micros;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.LongFunction;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The limit of whoever publishes: the same data, sent when it is due, by nothing but a producer.
 */
public final class BareProducer implements AutoCloseable {

    public static final String TOPIC = "bench.limit";

    private static final int PARTITIONS = 4;

    private final KafkaProducer<byte[], byte[]> producer;

    /** Makes the topic. */
    public BareProducer(String bootstrapServers) throws InterruptedException, ExecutionException {
        try (Admin admin =
                Admin.create(
                        Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers))) {
            NewTopic topic = new NewTopic(TOPIC, Optional.of(PARTITIONS), Optional.empty());
            admin.createTopics(List.of(topic)).all().get();
        }
        producer =
                new KafkaProducer<>(
                        Map.of(
                                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                                bootstrapServers,
                                ProducerConfig.LINGER_MS_CONFIG,
                                0),
                        new ByteArraySerializer(),
                        new ByteArraySerializer());
    }

    /** Sends so many a second, to the partitions in turn. */
    public void send(int perSecond, int seconds, LongFunction<String> data)
            throws InterruptedException, ExecutionException {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        long begin = Micros.now();
        for (long n = 0; n < (long) perSecond * seconds; n++) {
            long due = begin + n * Micros.PER_SECOND / perSecond;
            Micros.sleepUntil(due);
            byte[] value = data.apply(due).getBytes(StandardCharsets.UTF_8);
            sent.add(
                    producer.send(
                            new ProducerRecord<>(TOPIC, (int) (n % PARTITIONS), null, value)));
        }
        for (Future<RecordMetadata> each : sent) {
            each.get();
        }
    }

    @Override
    public void close() {
        producer.close();
    }
}
