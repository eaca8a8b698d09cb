package dev.outrun.api.hub;

import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** The hub's two kinds of Kafka consumers, every option with its why. */
final class Consumers {

    private final KafkaAddress kafka;
    private final Topics topics;

    Consumers(KafkaAddress kafka, Topics topics) {
        this.kafka = kafka;
        this.topics = topics;
    }

    /** Follows the firehose's end: an event is handed over as soon as the broker has it. */
    Consumer<byte[], byte[]> tail() {
        Map<String, Object> options = common("outrun-tail-" + topics.prefix());
        // A broker answers one connection's requests in turn, so a shard that is newly followed
        // waits for the fetch under way: 20 ms at most, at 50 empty fetches per second.
        options.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 20);
        // A burst is taken in large bites; they are in memory once per node, not per client.
        options.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, 8 * 1024 * 1024);
        options.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, 2 * 1024 * 1024);
        options.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 2_000);
        return new KafkaConsumer<>(kafka.client(options));
    }

    /** Reads the firehose for one client, who may be slow: what it has fetched is the client's. */
    Consumer<byte[], byte[]> firehose(int number) {
        Map<String, Object> options = common("outrun-firehose-" + topics.prefix() + "-" + number);
        options.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 500);
        options.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, 1024 * 1024);
        options.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, 256 * 1024);
        options.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 500);
        return new KafkaConsumer<>(kafka.client(options));
    }

    /** Reads stretches of run topics. */
    Consumer<byte[], byte[]> history(int number, int pageBytesMax) {
        Map<String, Object> options = common("outrun-history-" + topics.prefix() + "-" + number);
        // What is asked for is there; and the fetch that the client library sends ahead must not
        // sit at the broker in front of the next client's questions.
        options.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 1);
        // A page is what one fetch brings.
        options.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, pageBytesMax);
        options.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, pageBytesMax);
        options.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 2_000);
        return new KafkaConsumer<>(kafka.client(options));
    }

    /** Closes a consumer; there is nothing to commit and no group to leave, so it is quick. */
    static void close(Consumer<byte[], byte[]> consumer) {
        consumer.close(CloseOptions.timeout(Duration.ofMillis(500)));
    }

    private Map<String, Object> common(String clientId) {
        Map<String, Object> options = new HashMap<>();
        options.put(ConsumerConfig.CLIENT_ID_CONFIG, clientId);
        options.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        options.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        // Latency before volume: one record is enough for an answer.
        options.put(ConsumerConfig.FETCH_MIN_BYTES_CONFIG, 1);
        // Positions are the client's (Last-Event-ID), never the broker's.
        options.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        // A lost position is an error we handle, not a silent jump.
        options.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        // The publisher writes no transactions (offset = seq).
        options.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_uncommitted");
        // Reading must never make a topic.
        options.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        // A broker that comes back is found again within this time.
        options.put(ConsumerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 500);
        return options;
    }
}
