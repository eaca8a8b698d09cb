package dev.outrun.analytics;

import dev.outrun.schema.topic.Topics;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.streams.GroupProtocol;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.DefaultProductionExceptionHandler;
import org.apache.kafka.streams.errors.LogAndFailExceptionHandler;
import org.apache.kafka.streams.errors.LogAndFailProcessingExceptionHandler;

/**
 * How one process runs the analytics topology: all that Kafka Streams is told.
 *
 * @param instance this process's name, the same after a restart; letters, digits, {@code .}, {@code
 *     _} and {@code -}
 * @param threads stream threads in this process; more than there are shards idle
 * @param stateDir a folder of this process's own, which the engine may have as well
 * @param replicationFactor of the changelogs; 1 only where there is one broker
 */
public record AnalyticsProperties(
        String bootstrapServers,
        Topics topics,
        String instance,
        int threads,
        Path stateDir,
        int replicationFactor) {

    private static final int THREADS_MAX = 1_024;

    public AnalyticsProperties {
        if (!instance.matches("[A-Za-z0-9._-]{1,100}")) {
            throw new IllegalArgumentException(
                    "analytics.instance is '"
                            + instance
                            + "', not 1 to 100 letters, digits and . _ -");
        }
        check("threads", threads, THREADS_MAX);
        check("replication_factor", replicationFactor, Short.MAX_VALUE);
    }

    private static void check(String name, int value, int most) {
        if (value < 1 || value > most) {
            throw new IllegalArgumentException(
                    "analytics." + name + " is " + value + ", not 1 to " + most);
        }
    }

    /** The consumer group of all analytics of an installation, and the changelogs' prefix. */
    public String applicationId() {
        return topics.prefix() + "-analytics";
    }

    /** What to construct {@code KafkaStreams} with. */
    public Properties toProperties() {
        Properties properties = new Properties();
        identity(properties);
        processing(properties);
        failures(properties);
        clients(properties);
        return properties;
    }

    private void identity(Properties to) {
        to.put(StreamsConfig.APPLICATION_ID_CONFIG, applicationId());
        // Names the threads, and the clients in the broker's log.
        to.put(StreamsConfig.CLIENT_ID_CONFIG, applicationId() + "-" + instance);
        to.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        // Only its lock is there, the stores are in memory.
        to.put(StreamsConfig.STATE_DIR_CONFIG, stateDir.toString());
        to.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, replicationFactor);
        // Static membership, below, is the classic protocol's.
        to.put(StreamsConfig.GROUP_PROTOCOL_CONFIG, GroupProtocol.CLASSIC.name());
    }

    private void processing(Properties to) {
        // Anything less would count an event twice, or not at all, after a crash.
        to.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        // It commits by itself whenever it has said something; this is for when it has not.
        to.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 5_000);
        to.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
        to.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, StreamsConfig.MAX_TASK_IDLE_MS_DISABLED);
        // Room for the runs and windows touched between two commits.
        to.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 32L << 20);
        // A standby costs a second reader of the changelogs; nobody waits for analytics.
        to.put(StreamsConfig.NUM_STANDBY_REPLICAS_CONFIG, 0);
        // The topology is run as it is drawn.
        to.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, StreamsConfig.NO_OPTIMIZATION);
        // A changelog named by position would be lost with the next processor added before it.
        to.put(StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true);
        // Per-record sensors cost as much as the counting does.
        to.put(StreamsConfig.METRICS_RECORDING_LEVEL_CONFIG, "INFO");
        // The broker has no use for our clients' metrics: they are scraped from the process.
        to.put(StreamsConfig.ENABLE_METRICS_PUSH_CONFIG, false);
    }

    private static void failures(Properties to) {
        // Bytes are taken as they are, and the shard skips what it cannot read by itself. An
        // exception that gets this far is a bug of ours: stopping repeats it from the last
        // commit, going on would hide it.
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

    private void clients(Properties to) {
        consumer(to, ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, instance);
        // A dead node's shards go to another after this; 6 s is the least brokers admit.
        consumer(to, ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 6_000);
        consumer(to, ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 1_500);
        // Analytics that has never run begins with the first event there is.
        consumer(to, ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        // Few and full fetches: it may be behind by this much, and the broker has others to serve.
        consumer(to, ConsumerConfig.FETCH_MIN_BYTES_CONFIG, 64 << 10);
        consumer(to, ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 250);
        // A second's windows and changes go in few requests.
        to.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 50);
        to.put(StreamsConfig.producerPrefix(ProducerConfig.ACKS_CONFIG), "all");
        to.put(StreamsConfig.producerPrefix(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG), true);
        // What a killed node left open blocks readers of committed records for this long.
        to.put(StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG), 10_000);
        // Changelogs repeat themselves; a third of the bytes.
        to.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        to.put(StreamsConfig.topicPrefix(TopicConfig.COMPRESSION_TYPE_CONFIG), "producer");
    }

    private static void consumer(Properties to, String name, Object value) {
        to.put(StreamsConfig.mainConsumerPrefix(name), value);
    }
}
