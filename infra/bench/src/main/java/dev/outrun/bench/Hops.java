package dev.outrun.bench;

import dev.outrun.bench.Journeys.Journey;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import org.HdrHistogram.Histogram;

/** Where the time of runs went, hop by hop. Thread-safe. */
final class Hops {

    /** Two significant digits, up to ten minutes. */
    private static final long MICROS_MAX = 600_000_000;

    private final List<Hop> hops =
            List.of(
                    new Hop("request to completed, seen", j -> j.completedSeen - j.due),
                    new Hop("  request written", j -> j.requested - j.due),
                    new Hop("  request seen", j -> j.requestedSeen - j.requested),
                    new Hop("  task to claim written", j -> j.started - j.requestedSeen),
                    new Hop("  claim to completed written", j -> j.completed - j.started),
                    new Hop("  completed seen", j -> j.completedSeen - j.completed));

    /** One of them. */
    private static final class Hop {
        private final String name;
        private final ToLongFunction<Journey> length;
        private final Histogram micros = new Histogram(MICROS_MAX, 3);

        private Hop(String name, ToLongFunction<Journey> length) {
            this.name = name;
            this.length = length;
        }
    }

    synchronized void add(Journey journey) {
        for (Hop hop : hops) {
            long length = hop.length.applyAsLong(journey);
            hop.micros.recordValue(Math.clamp(length, 0, MICROS_MAX));
        }
    }

    synchronized long count() {
        return hops.getFirst().micros.getTotalCount();
    }

    synchronized double millis(double percentile) {
        return hops.getFirst().micros.getValueAtPercentile(percentile) / 1e3;
    }

    /** A line for each, milliseconds. */
    synchronized List<String> lines() {
        List<String> lines = new ArrayList<>();
        for (Hop hop : hops) {
            lines.add(
                    "%-30s p50 %7.2f  p90 %7.2f  p99 %7.2f  max %7.2f ms"
                            .formatted(
                                    hop.name,
                                    hop.micros.getValueAtPercentile(50) / 1e3,
                                    hop.micros.getValueAtPercentile(90) / 1e3,
                                    hop.micros.getValueAtPercentile(99) / 1e3,
                                    hop.micros.getMaxValue() / 1e3));
        }
        return lines;
    }
}
