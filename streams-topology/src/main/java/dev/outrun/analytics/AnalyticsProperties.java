package dev.outrun.analytics;

import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import dev.outrun.streams.StreamsProcess;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.streams.StreamsConfig;

/** How one process runs the analytics topology: all that Kafka Streams is told. */
public record AnalyticsProperties(StreamsProcess process) {

    /**
     * Of a {@link StreamsProcess} of the role {@code analytics}, without standby replicas: nobody
     * waits for it.
     */
    public AnalyticsProperties(
            KafkaAddress kafka,
            Topics topics,
            String instance,
            int threads,
            Path stateDir,
            int replicationFactor) {
        this(
                new StreamsProcess(
                        "analytics",
                        kafka,
                        topics,
                        instance,
                        threads,
                        stateDir,
                        replicationFactor,
                        0));
    }

    /** What to construct {@code KafkaStreams} with. */
    public Properties toProperties() {
        Properties properties = process.toProperties();
        // Anything less would count an event twice, or not at all, after a crash.
        StreamsProcess.guarantee(properties, StreamsConfig.EXACTLY_ONCE_V2);
        // It commits by itself whenever it has said something; this is for when it has not.
        properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 5_000);
        clients(properties);
        return properties;
    }

    private static void clients(Properties to) {
        // Few and full fetches: it may be behind by this much, and the broker has others to serve.
        StreamsProcess.consumer(to, ConsumerConfig.FETCH_MIN_BYTES_CONFIG, 64 << 10);
        StreamsProcess.consumer(to, ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 250);
        // A second's windows and changes go in few requests.
        StreamsProcess.producer(to, ProducerConfig.LINGER_MS_CONFIG, 50);
        // Changelogs repeat themselves; a third of the bytes.
        StreamsProcess.producer(to, ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
        to.put(StreamsConfig.topicPrefix(TopicConfig.COMPRESSION_TYPE_CONFIG), "producer");
    }
}
