package dev.outrun.bench.limit;

import dev.outrun.bench.figure.Micros;
import dev.outrun.server.OutrunConfig;
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

    private static final int PARTITIONS = 4;

    private final String topic;
    private final KafkaProducer<byte[], byte[]> producer;

    /** Makes the topic. */
    public BareProducer(OutrunConfig config) throws InterruptedException, ExecutionException {
        topic = config.topics().prefix() + ".bench.limit";
        NewTopic made = new NewTopic(topic, Optional.of(PARTITIONS), Optional.empty());
        Bare.makeTopics(config.kafka(), List.of(made));
        producer = Bare.producer(config.kafka(), Map.of());
    }

    /** Where it sends to. */
    public String topic() {
        return topic;
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
                            new ProducerRecord<>(topic, (int) (n % PARTITIONS), null, value)));
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
