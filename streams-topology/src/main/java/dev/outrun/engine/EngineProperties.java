package dev.outrun.engine;

import dev.outrun.schema.topic.Topics;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.GroupProtocol;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.DefaultProductionExceptionHandler;
import org.apache.kafka.streams.errors.LogAndFailExceptionHandler;
import org.apache.kafka.streams.errors.LogAndFailProcessingExceptionHandler;

/**
 * How one process runs the engine's topology: all that Kafka Streams is told.
 *
 * @param instance this process's name among the engine's, the same after a restart, which then
 *     takes its shards back without a rebalance; letters, digits, {@code .}, {@code _} and {@code
 *     -}
 * @param threads stream threads in this process; more than there are shards idle
 * @param stateDir a folder of this process's own
 * @param replicationFactor of the engine's changelog; 1 only where there is one broker
 */
public record EngineProperties(
        String bootstrapServers,
        Topics topics,
        Guarantee guarantee,
        String instance,
        int threads,
        Path stateDir,
        int replicationFactor) {

    private static final int THREADS_MAX = 1_024;

    public EngineProperties {
        if (!instance.matches("[A-Za-z0-9._-]{1,100}")) {
            throw new IllegalArgumentException(
                    "engine.instance is '"
                            + instance
                            + "', not 1 to 100 letters, digits and . _ -");
        }
        if (threads < 1 || threads > THREADS_MAX) {
            throw new IllegalArgumentException(
                    "engine.threads is " + threads + ", not 1 to " + THREADS_MAX);
        }
        if (replicationFactor < 1 || replicationFactor > Short.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "engine.replication_factor is "
                            + replicationFactor
                            + ", not 1 to "
                            + Short.MAX_VALUE);
        }
    }

    /** The consumer group of all engines of an installation, and the prefix of its changelog. */
    public String applicationId() {
        return topics.prefix() + "-engine";
    }

    /** What to construct {@code KafkaStreams} with. */
    public Properties toProperties() {
        Properties properties = new Properties();
        identity(properties);
        processing(properties);
        failures(properties);
        consumer(properties);
        producer(properties);
        return properties;
    }

    private void identity(Properties to) {
        to.put(StreamsConfig.APPLICATION_ID_CONFIG, applicationId());
        // Names the threads, and the clients in the broker's log.
        to.put(StreamsConfig.CLIENT_ID_CONFIG, applicationId() + "-" + instance);
        to.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        // Only its lock is there, the store is in memory.
        to.put(StreamsConfig.STATE_DIR_CONFIG, stateDir.toString());
        to.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, replicationFactor);
        // Static membership, below, is the classic protocol's.
        to.put(StreamsConfig.GROUP_PROTOCOL_CONFIG, GroupProtocol.CLASSIC.name());
    }

    private void processing(Properties to) {
        to.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, guarantee.processingGuarantee());
        to.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, guarantee.commitIntervalMs());
        to.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
        // Timers fire between polls: an idle thread must not sleep past their 10 ms grain.
        to.put(StreamsConfig.POLL_MS_CONFIG, 10L);
        // Firehose and heartbeats are not joined: never wait for the other one.
        to.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, StreamsConfig.MAX_TASK_IDLE_MS_DISABLED);
        // Room for the runs touched between two commits; what does not fit is written earlier.
        to.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 32L << 20);
        // A standby costs a second reader of the changelog; restoring open runs takes seconds.
        to.put(StreamsConfig.NUM_STANDBY_REPLICAS_CONFIG, 0);
        // The topology is run as it is drawn.
        to.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, StreamsConfig.NO_OPTIMIZATION);
        // A changelog named by position would be lost with the next processor added before it.
        to.put(StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true);
        // Per-record sensors cost as much as the rules do.
        to.put(StreamsConfig.METRICS_RECORDING_LEVEL_CONFIG, "INFO");
        // The broker has no use for our clients' metrics: they are scraped from the process.
        to.put(StreamsConfig.ENABLE_METRICS_PUSH_CONFIG, false);
    }

    private static void failures(Properties to) {
        // Bytes are taken as they are, and the shard skips what it cannot read by itself. An
        // exception that gets this far is a bug of ours that may have left a run half moved:
        // stopping repeats it from the last commit, going on would hide it.
        to.put(
                StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG,
                LogAndFailExceptionHandler.class);
        to.put(
                StreamsConfig.PROCESSING_EXCEPTION_HANDLER_CLASS_CONFIG,
                LogAndFailProcessingExceptionHandler.class);
        to.put(
                StreamsConfig.PRODUCTION_EXCEPTION_HANDLER_CLASS_CONFIG,
                DefaultProductionExceptionHandler.class);
    }

    private void consumer(Properties to) {
        put(to, ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, instance);
        // A dead engine's shards go to another after this; 6 s is the least brokers admit.
        put(to, ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 6_000);
        put(to, ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 1_500);
        // An engine that has never run must see the first run ever requested.
        put(to, ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        // An event is handed over when it is there: no waiting for a fuller fetch.
        put(to, ConsumerConfig.FETCH_MIN_BYTES_CONFIG, 1);
    }

    private void producer(Properties to) {
        // A task waits for nobody: the default of 5 ms would be most of a hop.
        to.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 0);
        to.put(StreamsConfig.producerPrefix(ProducerConfig.ACKS_CONFIG), "all");
        to.put(StreamsConfig.producerPrefix(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG), true);
        if (guarantee == Guarantee.EXACTLY_ONCE_V2) {
            // What a killed engine left open blocks readers of committed records for this long.
            to.put(StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG), 10_000);
        }
    }

    private static void put(Properties to, String name, Object value) {
        to.put(StreamsConfig.mainConsumerPrefix(name), value);
    }
}
