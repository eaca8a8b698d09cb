package dev.outrun.schema.analytics;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

/**
 * A window that is added to: single events, or whole windows. Sums of the same parts are the same,
 * in whatever order they were added. Not for two threads.
 */
public final class WindowSum {

    private final Map<Counter, Long> counts = new EnumMap<>(Counter.class);
    private final Map<Timing, Sketch> sketches = new EnumMap<>(Timing.class);

    /** Counts so many more. */
    public void count(Counter counter, long more) {
        counts.merge(counter, more, Long::sum);
    }

    /** Adds something measured; where clocks disagree and it is negative, it took no time. */
    public void time(Timing timing, Duration took) {
        double milliseconds = took.getSeconds() * 1e3 + took.getNano() / 1e6;
        sketch(timing).add(Math.max(0, milliseconds));
    }

    /** Adds all that another window has. */
    public void add(Window window) {
        for (Counter counter : Counter.values()) {
            count(counter, window.count(counter));
        }
        for (Timing timing : Timing.values()) {
            sketch(timing).add(window.distribution(timing));
        }
    }

    /** One of its counts. */
    public long count(Counter counter) {
        return counts.getOrDefault(counter, 0L);
    }

    /** One of its sketches, itself. */
    public Sketch sketch(Timing timing) {
        return sketches.computeIfAbsent(timing, none -> new Sketch());
    }

    /** Puts a sketch in the place of the one it has. */
    public void replace(Timing timing, Sketch sketch) {
        sketches.put(timing, sketch);
    }

    /** The window as it is now. */
    public Window window(boolean closed) {
        return new Window(
                count(Counter.REQUESTED),
                count(Counter.STARTED),
                count(Counter.COMPLETED),
                count(Counter.FAILED),
                count(Counter.CANCELLED),
                count(Counter.RETRIED),
                count(Counter.EVENTS),
                count(Counter.BYTES),
                sketch(Timing.QUEUE_WAIT).distribution(),
                sketch(Timing.DURATION).distribution(),
                sketch(Timing.FIRST_EVENT).distribution(),
                closed);
    }
}
