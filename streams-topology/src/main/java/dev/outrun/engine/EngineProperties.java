package dev.outrun.engine;

import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import dev.outrun.streams.StreamsProcess;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;

/** How one process runs the engine's topology: all that Kafka Streams is told. */
public record EngineProperties(StreamsProcess process, Guarantee guarantee) {

    /** Of a {@link StreamsProcess} of the role {@code engine}, without standby replicas. */
    public EngineProperties(
            KafkaAddress kafka,
            Topics topics,
            Guarantee guarantee,
            String instance,
            int threads,
            Path stateDir,
            int replicationFactor) {
        this(
                new StreamsProcess(
                        "engine", kafka, topics, instance, threads, stateDir, replicationFactor, 0),
                guarantee);
    }

    /** The same with so many standby replicas. */
    public EngineProperties withStandbyReplicas(int other) {
        return new EngineProperties(process.withStandbyReplicas(other), guarantee);
    }

    /** What to construct {@code KafkaStreams} with. */
    public Properties toProperties() {
        Properties properties = process.toProperties();
        StreamsProcess.guarantee(properties, guarantee.processingGuarantee());
        properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, guarantee.commitIntervalMs());
        // Timers fire between polls: an idle thread must not sleep past their 10 ms grain.
        properties.put(StreamsConfig.POLL_MS_CONFIG, 10L);
        // An event is handed over when it is there: no waiting for a fuller fetch.
        StreamsProcess.consumer(properties, ConsumerConfig.FETCH_MIN_BYTES_CONFIG, 1);
        // A task waits for nobody: the default of 5 ms would be most of a hop. What comes while a
        // request is under way leaves together with the next: few and full ones under load.
        StreamsProcess.producer(properties, ProducerConfig.LINGER_MS_CONFIG, 0);
        StreamsProcess.producer(
                properties, ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        return properties;
    }
}
