package dev.outrun.analytics;

import dev.outrun.schema.analytics.Window;
import dev.outrun.schema.analytics.WindowKey;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.topic.Topics;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.StreamPartitioner;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * Analytics as a topology: firehose in, {@linkplain Window windows} out. One task per shard;
 * partition i of the windows is shard i. It is to be run exactly once: see {@link ShardAnalytics}.
 *
 * <p>Pure: no clock, random, network or environment. All its time comes from Kafka Streams.
 */
public final class AnalyticsTopology {

    private static final String EVENTS = "events";
    private static final String SHARD = "shard";
    private static final String WINDOWS = "windows";

    private AnalyticsTopology() {}

    /** The topology over these topics, which must exist, with as many partitions. */
    public static Topology create(Topics topics, AnalyticsSettings settings) {
        var bytes = new ByteArrayDeserializer();
        return new Topology()
                .addSource(
                        AutoOffsetReset.earliest(),
                        EVENTS,
                        byRecordTime(),
                        bytes,
                        bytes,
                        topics.events())
                .addProcessor(SHARD, shards(settings), EVENTS)
                .addSink(WINDOWS, topics.windows(), json(), json(), ownShard(), SHARD);
    }

    private static ProcessorSupplier<byte[], byte[], WindowKey, Object> shards(
            AnalyticsSettings settings) {
        return new ProcessorSupplier<>() {

            @Override
            public Processor<byte[], byte[], WindowKey, Object> get() {
                return new AnalyticsProcessor(settings);
            }

            @Override
            public Set<StoreBuilder<?>> stores() {
                return Set.of(
                        store(ShardAnalytics.RUNS_STORE, new RunTrackSerde()),
                        store(ShardAnalytics.WINDOWS_STORE, new WindowSumSerde()));
            }
        };
    }

    /** In memory: what is open, and written for each event of the firehose. */
    private static <T> StoreBuilder<?> store(String name, Serde<T> values) {
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
                        Stores.inMemoryKeyValueStore(name), Serdes.String(), values)
                .withLoggingEnabled(changelog)
                // What changes with every event goes to the changelog once per commit.
                .withCachingEnabled();
    }

    private static <T> Serializer<T> json() {
        return (topic, value) -> WireJson.write(value);
    }

    /** Windows of a shard are in its own partition. */
    private static StreamPartitioner<WindowKey, Object> ownShard() {
        return (topic, key, window, partitions) -> Optional.of(Set.of(key.shard()));
    }

    /** Events in the order of their records' timestamps. */
    private static TimestampExtractor byRecordTime() {
        return (record, partitionTime) -> Math.max(record.timestamp(), 1);
    }
}
