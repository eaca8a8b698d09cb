package dev.outrun.engine;

import dev.outrun.engine.out.Outlets;
import dev.outrun.engine.out.ShardKey;
import dev.outrun.schema.topic.Topics;
import dev.outrun.streams.DeadLetters;
import dev.outrun.streams.Shards;
import java.util.Set;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.StreamPartitioner;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.StoreBuilder;

/**
 * The run engine as a topology: firehose and heartbeats in, tasks, decisions, interrupts and run
 * views out. One task per shard; partition i of every topic in it is shard i, but for the {@link
 * DeadLetters}, which have one partition.
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

    /** The topology over these topics, which must exist, the sharded with as many partitions. */
    public static Topology create(Topics topics, EngineSettings settings) {
        return create(topics, settings, new DeadLetters("engine"));
    }

    /** The same, whose dead letters somebody counts. */
    public static Topology create(Topics topics, EngineSettings settings, DeadLetters letters) {
        return create(topics, settings, letters, new ShardHost() {});
    }

    /** The same in another host. */
    public static Topology create(
            Topics topics, EngineSettings settings, DeadLetters letters, ShardHost host) {
        var key = new ByteArrayDeserializer();
        var value = new ByteArrayDeserializer();
        var topology = new Topology();
        topology.addSource(
                AutoOffsetReset.earliest(),
                EVENTS,
                Shards.byRecordTime(),
                key,
                value,
                topics.events());
        topology.addSource(
                AutoOffsetReset.earliest(), HEARTBEATS, first(), key, value, topics.heartbeats());
        topology.addProcessor(SHARD, shards(topics, settings, letters, host), EVENTS, HEARTBEATS);
        addSink(topology, TASKS, topics.tasks(), Outlets.onlyOne());
        addSink(topology, DECISIONS, topics.decisions(), Outlets.ownShard());
        addSink(topology, INTERRUPTS, topics.interrupts(), Outlets.ownShard());
        addSink(topology, VIEWS, topics.runs(), Outlets.ownShard());
        letters.addSink(topology, topics, SHARD);
        return topology;
    }

    private static void addSink(
            Topology topology,
            String name,
            String topic,
            StreamPartitioner<ShardKey, Object> partitioner) {
        topology.addSink(name, topic, Outlets.keys(), Outlets.values(), partitioner, SHARD);
    }

    private static ProcessorSupplier<byte[], byte[], ShardKey, Object> shards(
            Topics topics, EngineSettings settings, DeadLetters letters, ShardHost host) {
        return new ProcessorSupplier<>() {

            @Override
            public Processor<byte[], byte[], ShardKey, Object> get() {
                return new ShardProcessor(topics, settings, letters, host);
            }

            @Override
            public Set<StoreBuilder<?>> stores() {
                return Set.of(
                        Shards.store(host.store(Shard.RUNS_STORE), Stored.RUNS),
                        Shards.store(host.store(Shard.QUEUES_STORE), Stored.QUEUES),
                        Shards.store(host.store(Shard.SCHEDULES_STORE), Stored.SCHEDULES));
            }
        };
    }

    /**
     * Heartbeats before events: of what it has fetched, a task takes the lowest timestamp first,
     * and behind a backlog of events living workers would look silent.
     */
    private static TimestampExtractor first() {
        return (record, partitionTime) -> 0;
    }
}
