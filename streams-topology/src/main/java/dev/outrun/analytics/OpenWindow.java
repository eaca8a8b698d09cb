package dev.outrun.analytics;

import dev.outrun.schema.analytics.WindowKey;
import dev.outrun.schema.analytics.WindowSum;
import java.time.Instant;
import java.util.Objects;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * A window that may still change. What is in it is an object in memory while it does; when it is
 * old it rests in the store, from where an event that comes late gets it back.
 */
final class OpenWindow {

    private final WindowKey key;
    private final String name;
    private @Nullable WindowSum sum;

    /** A new one. */
    OpenWindow(WindowKey key) {
        this(key, nameOf(key), new WindowSum());
    }

    private OpenWindow(WindowKey key, String name, @Nullable WindowSum sum) {
        this.key = key;
        this.name = name;
        this.sum = sum;
    }

    /** One that is in the store, under this name. */
    static OpenWindow stored(int shard, String name) {
        String[] parts = name.split(" ", -1);
        Instant start = Instant.ofEpochSecond(Long.parseLong(parts[0]));
        return new OpenWindow(
                new WindowKey(shard, start, parts[1], parts[2], parts[3]), name, null);
    }

    /** Tenants, queues and handlers have no space in their names. */
    private static String nameOf(WindowKey key) {
        return key.start().getEpochSecond()
                + " "
                + key.tenant()
                + " "
                + key.queue()
                + " "
                + key.handler();
    }

    WindowKey key() {
        return key;
    }

    /** Its key in the store. */
    String name() {
        return name;
    }

    /** What is in it. */
    WindowSum sum(KeyValueStore<String, WindowSum> store) {
        WindowSum known = sum;
        if (known == null) {
            known = Objects.requireNonNull(store.get(name), name);
            sum = known;
        }
        return known;
    }

    /** Leaves what is in it to the store. */
    void rest() {
        sum = null;
    }
}
