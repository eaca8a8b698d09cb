package dev.outrun.analytics;

import dev.outrun.schema.analytics.WindowKey;
import dev.outrun.schema.analytics.WindowSum;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * A shard's windows that may still change, by their start.
 *
 * <p>Time is what the events say: a window is closed once the newest one starts more than the grace
 * after it, however long that took. An event whose own window is closed has none, nor has one from
 * a time that has not come, which would close all others.
 */
final class Windows {

    /** How far a database's clock may be ahead of ours. */
    static final Duration AHEAD_MAX = Duration.ofMinutes(10);

    /** Behind the newest one this far a window hardly changes any more, and rests. */
    private static final Duration ACTIVE = WindowKey.SIZE.multipliedBy(2);

    /**
     * Queues and handlers with a window of one minute. What names more of them than this in a
     * minute, in one shard, does not mean them to be told apart.
     */
    static final int SERIES_MAX = 1_000;

    private final int shard;
    private final Duration grace;
    private final KeyValueStore<String, WindowSum> store;
    private final TreeMap<Instant, Map<Series, OpenWindow>> byStart = new TreeMap<>();
    private final Set<OpenWindow> changed = new LinkedHashSet<>();
    private Instant newest = Instant.EPOCH;

    /**
     * The windows in the store. All of them count as changed: what has not been said of them is not
     * known.
     */
    Windows(int shard, Duration grace, KeyValueStore<String, WindowSum> store, Instant now) {
        this.shard = shard;
        this.grace = grace;
        this.store = store;
        try (var stored = store.all()) {
            while (stored.hasNext()) {
                var each = stored.next();
                OpenWindow window = OpenWindow.stored(shard, each.key);
                WindowKey key = window.key();
                byStart.computeIfAbsent(key.start(), start -> new HashMap<>())
                        .put(Series.of(key), window);
                changed.add(window);
                passed(key.start(), now);
            }
        }
    }

    /** Windows it holds. */
    int size() {
        return byStart.values().stream().mapToInt(Map::size).sum();
    }

    /**
     * The window that an event of this time is in; null where that is closed, too far ahead, or one
     * too many.
     */
    @Nullable OpenWindow at(Series series, Instant time, Instant now) {
        Instant start = WindowKey.startOf(time, WindowKey.SIZE);
        if (start.isAfter(now.plus(AHEAD_MAX)) || isClosed(start)) {
            return null;
        }
        Map<Series, OpenWindow> minute = byStart.computeIfAbsent(start, none -> new HashMap<>());
        OpenWindow window = minute.get(series);
        if (window == null) {
            if (minute.size() >= SERIES_MAX) {
                return null;
            }
            window = new OpenWindow(series.window(shard, start));
            minute.put(series, window);
        }
        passed(start, now);
        return window;
    }

    /** What is in a window, to be added to and then {@linkplain #save saved}. */
    WindowSum sum(OpenWindow window) {
        return window.sum(store);
    }

    /** Keeps what has been added to a window. */
    void save(OpenWindow window) {
        store.put(window.name(), window.sum(store));
        changed.add(window);
    }

    /** Hands over the windows that are closed by now, the oldest first, and forgets them. */
    void close(BiConsumer<WindowKey, WindowSum> each) {
        while (!byStart.isEmpty() && isClosed(byStart.firstKey())) {
            for (OpenWindow window : byStart.pollFirstEntry().getValue().values()) {
                each.accept(window.key(), window.sum(store));
                store.delete(window.name());
                changed.remove(window);
            }
        }
    }

    /** Hands over those that have changed since this was last asked. */
    void changes(BiConsumer<WindowKey, WindowSum> each) {
        for (OpenWindow window : changed) {
            each.accept(window.key(), window.sum(store));
            if (window.key().start().isBefore(newest.minus(ACTIVE))) {
                window.rest();
            }
        }
        changed.clear();
    }

    private boolean isClosed(Instant start) {
        return start.isBefore(newest.minus(grace));
    }

    /** A clock that is ahead closes nothing early. */
    private void passed(Instant start, Instant now) {
        Instant latest = WindowKey.startOf(now, WindowKey.SIZE);
        Instant capped = start.isAfter(latest) ? latest : start;
        newest = capped.isAfter(newest) ? capped : newest;
    }
}
