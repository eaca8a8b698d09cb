package dev.outrun.api.board;

import dev.outrun.schema.analytics.Window;
import dev.outrun.schema.analytics.WindowKey;
import dev.outrun.schema.analytics.WindowSum;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The windows of all shards, each as it was said last, in memory. Every change has a number, by
 * which those who follow know what is new to them. May be used from any thread.
 */
final class Board {

    private static final Comparator<@Nullable String> NAMES =
            Comparator.nullsFirst(Comparator.naturalOrder());

    /** In the order of an answer. */
    private static final Comparator<PlacedWindow> ORDER =
            Comparator.comparing(PlacedWindow::start)
                    .thenComparing(PlacedWindow::queue, NAMES)
                    .thenComparing(PlacedWindow::handler, NAMES);

    private final BoardConfig config;
    private final InstantSource clock;
    private final TreeMap<Instant, Minute> minutes = new TreeMap<>();
    private int held;
    private long changes;
    private boolean closed;

    /** Windows that start together. */
    private static final class Minute {
        final Map<WindowKey, Held> windows = new HashMap<>();
        long change;
    }

    private record Held(Window window, long change) {}

    Board(BoardConfig config, InstantSource clock) {
        this.config = config;
        this.clock = clock;
    }

    /** Takes a window in, in the place of what it was before. */
    synchronized void put(WindowKey key, Window window) {
        Instant oldest = clock.instant().minus(config.retention());
        if (key.start().isBefore(oldest)) {
            return;
        }
        Minute minute = minutes.computeIfAbsent(key.start(), start -> new Minute());
        minute.change = ++changes;
        if (minute.windows.put(key, new Held(window, changes)) == null) {
            held++;
        }
        while (!minutes.isEmpty()
                && (held > config.windowsMax() || minutes.firstKey().isBefore(oldest))) {
            held -= minutes.pollFirstEntry().getValue().windows.size();
        }
        notifyAll();
    }

    /** Windows held. */
    synchronized int size() {
        return held;
    }

    /** The number of the last change; 0 before the first. */
    synchronized long lastChange() {
        return changes;
    }

    /** The windows of an answer of which a part has changed after that change, in order. */
    List<PlacedWindow> changedAfter(long change, WindowQuery query) {
        Map<WindowQuery.Place, List<Held>> parts = new HashMap<>();
        partsOfChanged(
                change,
                query,
                (key, held) ->
                        parts.computeIfAbsent(query.place(key), none -> new ArrayList<>(1))
                                .add(held));
        List<PlacedWindow> answer = new ArrayList<>();
        parts.forEach((place, held) -> {
            if (held.stream().anyMatch(each -> each.change() > change)) {
                answer.add(
                        new PlacedWindow(
                                place.start(),
                                place.start().plus(query.size()),
                                place.queue(),
                                place.handler(),
                                merged(held)));
            }
        });
        answer.sort(ORDER);
        return answer;
    }

    private synchronized void partsOfChanged(
            long change, WindowQuery query, BiConsumer<WindowKey, Held> each) {
        Set<Instant> touched = new HashSet<>();
        minutes.tailMap(query.from(), true)
                .forEach((start, minute) -> {
                    Instant whole = query.startOf(start);
                    if (minute.change > change && query.includesStart(whole)) {
                        touched.add(whole);
                    }
                });
        for (Instant start : touched) {
            for (Minute minute : minutes.subMap(start, start.plus(query.size())).values()) {
                minute.windows.forEach((key, held) -> {
                    if (query.includes(key)) {
                        each.accept(key, held);
                    }
                });
            }
        }
    }

    private static Window merged(List<Held> parts) {
        if (parts.size() == 1) {
            return parts.getFirst().window();
        }
        WindowSum sum = new WindowSum();
        parts.forEach(part -> sum.add(part.window()));
        return sum.window(false);
    }

    /** Waits until there was a change after that one, or this is closed, at most so long. */
    synchronized boolean awaitChangeAfter(long change, Duration most) throws InterruptedException {
        long deadline = System.nanoTime() + most.toNanos();
        while (!closed && changes <= change) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.timedWait(this, Math.max(left, 1_000_000));
        }
        return changes > change;
    }

    /** Waits until this is closed, at most so long. */
    synchronized void awaitClosed(Duration most) throws InterruptedException {
        long deadline = System.nanoTime() + most.toNanos();
        for (long left = most.toNanos(); !closed && left > 0; left = deadline - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, Math.max(left, 1_000_000));
        }
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /** Wakes all who wait. */
    synchronized void close() {
        closed = true;
        notifyAll();
    }
}
