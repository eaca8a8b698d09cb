package dev.outrun.analytics;

import dev.outrun.schema.analytics.Window;
import dev.outrun.schema.analytics.WindowKey;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.topic.Topics;
import dev.outrun.streams.DeadLetters;
import dev.outrun.streams.Shards;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.StreamPartitioner;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.StoreBuilder;

/**
 * Analytics as a topology: firehose in, {@linkplain Window windows} out. One task per shard;
 * partition i of the windows is shard i. It is to be run exactly once: see {@link ShardAnalytics}.
 *
 * <p>Pure: no clock, random, network or environment. All its time comes from Kafka Streams.
 */
public final class AnalyticsTopology {

    static final String WINDOWS = "windows";

    private static final String EVENTS = "events";
    private static final String SHARD = "shard";

    private AnalyticsTopology() {}

    /** The topology over these topics, which must exist, with as many partitions. */
    public static Topology create(Topics topics, AnalyticsSettings settings) {
        return create(topics, settings, new DeadLetters("analytics"));
    }

    /** The same, whose dead letters somebody counts. */
    public static Topology create(Topics topics, AnalyticsSettings settings, DeadLetters letters) {
        var bytes = new ByteArrayDeserializer();
        var topology = new Topology();
        topology.addSource(
                        AutoOffsetReset.earliest(),
                        EVENTS,
                        Shards.byRecordTime(),
                        bytes,
                        bytes,
                        topics.events())
                .addProcessor(SHARD, shards(settings, letters), EVENTS)
                .addSink(WINDOWS, topics.windows(), json(), json(), ownShard(), SHARD);
        letters.addSink(topology, topics, SHARD);
        return topology;
    }

    private static ProcessorSupplier<byte[], byte[], WindowKey, Object> shards(
            AnalyticsSettings settings, DeadLetters letters) {
        return new ProcessorSupplier<>() {

            @Override
            public Processor<byte[], byte[], WindowKey, Object> get() {
                return new AnalyticsProcessor(settings, letters);
            }

            @Override
            public Set<StoreBuilder<?>> stores() {
                return Set.of(
                        Shards.store(ShardAnalytics.RUNS_STORE, new RunTrackSerde()),
                        Shards.store(ShardAnalytics.WINDOWS_STORE, new WindowSumSerde()));
            }
        };
    }

    private static <T> Serializer<T> json() {
        return (topic, value) -> WireJson.write(value);
    }

    /** Windows of a shard are in its own partition. */
    private static StreamPartitioner<WindowKey, Object> ownShard() {
        return (topic, key, window, partitions) -> Optional.of(Set.of(key.shard()));
    }
}
