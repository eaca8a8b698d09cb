package dev.outrun.engine.out;

import dev.outrun.schema.json.WireJson;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.processor.StreamPartitioner;

/** How a record is written: key the run's id, value JSON, partition mostly the shard. */
public final class Outlets {

    private Outlets() {}

    public static Serializer<ShardKey> keys() {
        return (topic, key) -> key.run().toString().getBytes(StandardCharsets.UTF_8);
    }

    public static Serializer<Object> values() {
        return (topic, value) -> WireJson.write(value);
    }

    /**
     * The shard's own partition, never a hash of the key: whoever reads a partition gets all of a
     * shard, in its order.
     */
    public static StreamPartitioner<ShardKey, Object> ownShard() {
        return (topic, key, value, partitions) -> {
            if (key.shard() >= partitions) {
                throw new IllegalStateException(
                        topic
                                + " has "
                                + partitions
                                + " partitions, none for shard "
                                + key.shard());
            }
            return Optional.of(Set.of(key.shard()));
        };
    }

    /** A topic's only partition. */
    public static StreamPartitioner<ShardKey, Object> onlyOne() {
        return (topic, key, value, partitions) -> Optional.of(Set.of(0));
    }
}
