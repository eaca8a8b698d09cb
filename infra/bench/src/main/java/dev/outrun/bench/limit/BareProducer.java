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
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/**
 * The limit of whoever publishes: the same data, sent when it is due, by nothing but a producer.
 */
public final class BareProducer implements AutoCloseable {

    public static final String TOPIC = "bench.limit";

    private static final int PARTITIONS = 4;

    private final KafkaProducer<byte[], byte[]> producer;

    /** Makes the topic. */
    public BareProducer(String bootstrapServers) throws InterruptedException, ExecutionException {
        NewTopic topic = new NewTopic(TOPIC, Optional.of(PARTITIONS), Optional.empty());
        Bare.makeTopics(bootstrapServers, List.of(topic));
        producer = Bare.producer(bootstrapServers, Map.of());
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
