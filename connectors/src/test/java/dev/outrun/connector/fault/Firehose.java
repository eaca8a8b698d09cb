package dev.outrun.connector.fault;

import dev.outrun.connector.topic.Consumers;
import dev.outrun.schema.topic.KafkaAddress;
import java.time.Duration;
import org.apache.kafka.clients.consumer.Consumer;

/** A reader of the firehose, for what comes anew. */
final class Firehose implements AutoCloseable {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final Consumer<byte[], byte[]> consumer;

    Firehose(KafkaAddress kafka, String topic) {
        this.consumer = Consumers.create(kafka, "outrun-faults");
        Consumers.assign(consumer, topic, LIMIT);
        leaveOut();
    }

    /** What is there by now does not count. */
    void leaveOut() {
        consumer.seekToEnd(consumer.assignment());
    }

    /** How many records came; waits for the first one, up to the limit. */
    int read(Duration limit) {
        return consumer.poll(limit).count();
    }

    @Override
    public void close() {
        consumer.close();
    }
}
