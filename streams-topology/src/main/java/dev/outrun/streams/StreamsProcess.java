package dev.outrun.streams;

import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.GroupProtocol;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.DefaultProductionExceptionHandler;
import org.apache.kafka.streams.errors.LogAndFailExceptionHandler;
import org.apache.kafka.streams.errors.LogAndFailProcessingExceptionHandler;

/**
 * One process that runs a topology of ours, and what Kafka Streams is told of it whichever it is.
 *
 * @param role what it runs, as settings, groups and topics name it: {@code engine}, say
 * @param instance this process's name among those of its role, the same after a restart, which then
 *     takes its shards back without a rebalance; letters, digits, {@code .}, {@code _} and {@code
 *     -}
 * @param threads stream threads in this process; more than there are shards idle
 * @param stateDir a folder of this process's own, which all its roles may have
 * @param replicationFactor of the changelogs; 1 only where there is one broker
 * @param standbyReplicas copies of each shard's state that other processes keep, as far as there
 *     are others: who takes a shard over with such a copy need not restore it. Each costs the
 *     memory once more, and a second reader of the changelogs
 */
public record StreamsProcess(
        String role,
        KafkaAddress kafka,
        Topics topics,
        String instance,
        int threads,
        Path stateDir,
        int replicationFactor,
        int standbyReplicas) {

    /** Bytes of the largest record that the platform's topics admit. */
    static final int RECORD_BYTES_MAX = 2 << 20;

    private static final int THREADS_MAX = 1_024;

    private static final int STANDBY_REPLICAS_MAX = 16;

    public StreamsProcess {
        if (!instance.matches("[A-Za-z0-9._-]{1,100}")) {
            throw new IllegalArgumentException(
                    role
                            + ".instance is '"
                            + instance
                            + "', not 1 to 100 letters, digits and . _ -");
        }
        check(role, "threads", threads, 1, THREADS_MAX);
        check(role, "replication_factor", replicationFactor, 1, Short.MAX_VALUE);
        check(role, "standby_replicas", standbyReplicas, 0, STANDBY_REPLICAS_MAX);
    }

    private static void check(String role, String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    role + "." + name + " is " + value + ", not " + least + " to " + most);
        }
    }

    /** The same with so many standby replicas. */
    public StreamsProcess withStandbyReplicas(int other) {
        return new StreamsProcess(
                role, kafka, topics, instance, threads, stateDir, replicationFactor, other);
    }

    /** The consumer group of all processes of the role, and the prefix of its changelogs. */
    public String applicationId() {
        return topics.prefix() + "-" + role;
    }

    /** What every role says; the caller adds what is its own. */
    public Properties toProperties() {
        Properties properties = new Properties();
        // First where Kafka is and how to get in: all clients take what is not theirs alone.
        properties.putAll(kafka.client(Map.of()));
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
        // Only its lock is there, the stores are in memory.
        to.put(StreamsConfig.STATE_DIR_CONFIG, stateDir.toString());
        to.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, replicationFactor);
        // Static membership, below, is the classic protocol's.
        to.put(StreamsConfig.GROUP_PROTOCOL_CONFIG, GroupProtocol.CLASSIC.name());
    }

    private void processing(Properties to) {
        to.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
        // A task's topics are not joined: never wait for the other one.
        to.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, StreamsConfig.MAX_TASK_IDLE_MS_DISABLED);
        // Room for what is touched between two commits; what does not fit is written earlier.
        to.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 32L << 20);
        to.put(StreamsConfig.NUM_STANDBY_REPLICAS_CONFIG, standbyReplicas);
        // The topology is run as it is drawn.
        to.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, StreamsConfig.NO_OPTIMIZATION);
        // A changelog named by position would be lost with the next processor added before it.
        to.put(StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true);
        // Per-record sensors cost as much as what is done with a record.
        to.put(StreamsConfig.METRICS_RECORDING_LEVEL_CONFIG, "INFO");
    }

    private static void failures(Properties to) {
        // Bytes are taken as they are, and what cannot be read is a dead letter of the shard's. An
        // exception that gets this far may have left a run half moved: going on from there would
        // hide it. Its thread starts again from the last commit, and does without the record.
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
        // A dead process's shards go to another after this; 6 s is the least brokers admit.
        consumer(to, ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 6_000);
        consumer(to, ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 1_500);
        // What has never run must see the first event there is.
        consumer(to, ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        // A changelog ends with a commit's marker, which no fetch brings: one more is waited for.
        to.put(StreamsConfig.restoreConsumerPrefix(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG), 50);
        producer(to, ProducerConfig.ACKS_CONFIG, "all");
        producer(to, ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        // A dead letter is as large as the record was.
        producer(to, ProducerConfig.MAX_REQUEST_SIZE_CONFIG, RECORD_BYTES_MAX);
    }

    /** Has Kafka Streams say so to the consumers that read what a topology reads. */
    public static void consumer(Properties to, String name, Object value) {
        to.put(StreamsConfig.mainConsumerPrefix(name), value);
    }

    /** Has Kafka Streams say so to its producers. */
    public static void producer(Properties to, String name, Object value) {
        to.put(StreamsConfig.producerPrefix(name), value);
    }

    /** Says how often a record counts: {@link StreamsConfig#AT_LEAST_ONCE}, say. */
    public static void guarantee(Properties to, String guarantee) {
        to.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, guarantee);
        if (guarantee.equals(StreamsConfig.EXACTLY_ONCE_V2)) {
            // What a killed process left open blocks readers of committed records for this long.
            producer(to, ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, 10_000);
        }
    }
}
