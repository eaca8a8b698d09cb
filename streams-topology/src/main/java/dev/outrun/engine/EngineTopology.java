package dev.outrun.engine;

import dev.outrun.engine.out.Outlets;
import dev.outrun.engine.out.ShardKey;
import dev.outrun.schema.topic.Topics;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * The run engine as a topology: firehose and heartbeats in, tasks, decisions, interrupts and run
 * views out. One task per shard; partition i of every topic in it is shard i.
 *
 * <p>Pure: no clock, random, network or environment. All its time comes from Kafka Streams.
 */
public final class EngineTopology {

    static final String TASKS = "tasks";
    static final String DECISIONS = "decisions";
    static final String INTERRUPTS = "interrupts";
    static final String VIEWS = "views";

    private static final String EVENTS = "events";
    private static final String HEARTBEATS = "heartbeats";
    private static final String SHARD = "shard";

    private EngineTopology() {}

    /** The topology over these topics, which must exist, all with as many partitions. */
    public static Topology create(Topics topics, EngineSettings settings) {
        return create(topics, settings, new ShardHost() {});
    }

    /** The same in another host. */
    public static Topology create(Topics topics, EngineSettings settings, ShardHost host) {
        var key = new ByteArrayDeserializer();
        var value = new ByteArrayDeserializer();
        var topology = new Topology();
        topology.addSource(
                AutoOffsetReset.earliest(), EVENTS, byRecordTime(), key, value, topics.events());
        topology.addSource(
                AutoOffsetReset.earliest(), HEARTBEATS, first(), key, value, topics.heartbeats());
        topology.addProcessor(SHARD, shards(topics, settings, host), EVENTS, HEARTBEATS);
        addSink(topology, TASKS, topics.tasks());
        addSink(topology, DECISIONS, topics.decisions());
        addSink(topology, INTERRUPTS, topics.interrupts());
        addSink(topology, VIEWS, topics.runs());
        return topology;
    }

    private static void addSink(Topology topology, String name, String topic) {
        topology.addSink(name, topic, Outlets.keys(), Outlets.values(), Outlets.ownShard(), SHARD);
    }

    private static ProcessorSupplier<byte[], byte[], ShardKey, Object> shards(
            Topics topics, EngineSettings settings, ShardHost host) {
        return new ProcessorSupplier<>() {

            @Override
            public Processor<byte[], byte[], ShardKey, Object> get() {
                return new ShardProcessor(topics, settings, host);
            }

            @Override
            public Set<StoreBuilder<?>> stores() {
                return Set.of(
                        store(host, Shard.RUNS_STORE, Stored.RUNS),
                        store(host, Shard.QUEUES_STORE, Stored.QUEUES),
                        store(host, Shard.SCHEDULES_STORE, Stored.SCHEDULES));
            }
        };
    }

    private static StoreBuilder<?> store(ShardHost host, String name, Serde<?> values) {
        Map<String, String> changelog =
                Map.of(
                        // A restart reads all of it: keep what was overwritten from piling up.
                        TopicConfig.CLEANUP_POLICY_CONFIG,
                        TopicConfig.CLEANUP_POLICY_COMPACT,
                        TopicConfig.MIN_CLEANABLE_DIRTY_RATIO_CONFIG,
                        "0.1",
                        TopicConfig.SEGMENT_BYTES_CONFIG,
                        Integer.toString(16 << 20),
                        // Nobody but a restart reads it, from the start: tombstones may go soon.
                        TopicConfig.DELETE_RETENTION_MS_CONFIG,
                        "60000");
        return Stores.keyValueStoreBuilder(
                        // In memory: what is open only, and a lookup for each event of the
                        // firehose.
                        host.store(name), Serdes.String(), values)
                .withLoggingEnabled(changelog)
                // The changelog gets a value once per commit, not once per token; and, at least
                // once,
                // the state on disk does not run ahead of what was sent.
                .withCachingEnabled();
    }

    /** Events in the order of their records' timestamps. */
    private static TimestampExtractor byRecordTime() {
        return (record, partitionTime) -> Math.max(record.timestamp(), 1);
    }

    /**
     * Heartbeats before events: of what it has fetched, a task takes the lowest timestamp first,
     * and behind a backlog of events living workers would look silent.
     */
    private static TimestampExtractor first() {
        return (record, partitionTime) -> 0;
    }
}
