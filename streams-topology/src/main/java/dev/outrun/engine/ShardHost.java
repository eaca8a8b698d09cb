package dev.outrun.engine;

import java.time.Instant;
import java.util.function.Supplier;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;

/**
 * What a shard runs in: Kafka Streams as it is, unless a harness that steps the engine wants to
 * keep the stores itself, and to know when there will be something to see.
 */
public interface ShardHost {

    /** Where the shard's store of this name keeps its bytes: in memory. */
    default KeyValueBytesStoreSupplier store(String name) {
        return Stores.inMemoryKeyValueStore(name);
    }

    /**
     * A shard begins with what its stores have.
     *
     * @param nextDue says when the shard acts next if it hears of nothing before, null: never; for
     *     the shard's own thread
     */
    default void begins(Supplier<@Nullable Instant> nextDue) {}
}
