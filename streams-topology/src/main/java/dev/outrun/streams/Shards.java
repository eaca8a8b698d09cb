package dev.outrun.streams;

import java.util.Map;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** How a shard keeps what it knows, and reads its events. */
public final class Shards {

    private Shards() {}

    /** A store of open things, in memory: a lookup for each event of the firehose. */
    public static StoreBuilder<?> store(String name, Serde<?> values) {
        return store(Stores.inMemoryKeyValueStore(name), values);
    }

    /** The same, where somebody else keeps the bytes. */
    public static StoreBuilder<?> store(KeyValueBytesStoreSupplier bytes, Serde<?> values) {
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
        return Stores.keyValueStoreBuilder(bytes, Serdes.String(), values)
                .withLoggingEnabled(changelog)
                // The changelog gets a value once per commit, not once per event; and, at least
                // once, the state on disk does not run ahead of what was sent.
                .withCachingEnabled();
    }

    /** Events in the order of their records' timestamps. */
    public static TimestampExtractor byRecordTime() {
        return (record, partitionTime) -> Math.max(record.timestamp(), 1);
    }
}
