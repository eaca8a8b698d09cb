package dev.outrun.connector.publish;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/** What a lane has done, as meters. Any thread; nothing is made for an event. */
final class LaneMetrics {

    /** Around what is aimed at: a few milliseconds, and a second after something died. */
    private static final Duration[] LATENCIES =
            LongStream.of(1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
                    .mapToObj(Duration::ofMillis)
                    .toArray(Duration[]::new);

    private static final double[] BURSTS = {1, 2, 5, 10, 20, 50, 100, 200, 500, Bursts.ITEMS_MAX};

    private final Counter published;
    private final Counter skipped;
    private final Counter repaired;
    private final Timer latency;
    private final DistributionSummary bursts;

    LaneMetrics(MeterRegistry registry, String slot, String lane) {
        Tags tags = Tags.of("slot", slot, "lane", lane);
        this.published = registry.counter("outrun.connector.events.published", tags);
        this.skipped = registry.counter("outrun.connector.events.skipped", tags);
        this.repaired = registry.counter("outrun.connector.events.repaired", tags);
        this.latency =
                Timer.builder("outrun.connector.publish.latency")
                        .tags(tags)
                        .serviceLevelObjectives(LATENCIES)
                        .register(registry);
        this.bursts =
                DistributionSummary.builder("outrun.connector.burst.items")
                        .tags(tags)
                        .serviceLevelObjectives(BURSTS)
                        .register(registry);
    }

    /**
     * An event has been acknowledged.
     *
     * @param committedAt see {@link CommitClock}
     */
    void published(long committedAt) {
        published.increment();
        if (committedAt != CommitClock.UNKNOWN) {
            // Below zero where the database's clock is ahead of ours.
            latency.record(Math.max(0, System.nanoTime() - committedAt), TimeUnit.NANOSECONDS);
        }
    }

    /** An event was there already. */
    void skipped() {
        skipped.increment();
    }

    /** Events were missing, and are sent from the table. */
    void repaired(long events) {
        repaired.increment((double) events);
    }

    /** So many items are about to be taken together. */
    void burst(int items) {
        bursts.record(items);
    }
}
