package dev.outrun.streams;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** State stores that outlive the processor that writes to them, as after a take-over. */
public final class MemoryStores {

    private MemoryStores() {}

    /** An empty one, open, without changelog and cache. */
    public static <T> KeyValueStore<String, T> open(String name, Serde<T> values) {
        KeyValueStore<String, T> store =
                Stores.keyValueStoreBuilder(
                                Stores.inMemoryKeyValueStore(name), Serdes.String(), values)
                        .withLoggingDisabled()
                        .withCachingDisabled()
                        .build();
        store.init(new MockProcessorContext<>().getStateStoreContext(), store);
        return store;
    }
}
