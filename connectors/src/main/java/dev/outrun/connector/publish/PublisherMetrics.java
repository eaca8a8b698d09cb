package dev.outrun.connector.publish;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/**
 * What a slot's publisher has done, as meters. They outlive publishers; recording is cheap, and may
 * be done by any thread.
 */
public final class PublisherMetrics {

    private final LaneMetrics live;
    private final LaneMetrics run;
    private final Counter repeated;
    private final Counter refilled;
    private final Counter rebuilt;
    private final Counter deadLetters;

    /** Registers them, tagged with the slot's name. */
    public PublisherMetrics(MeterRegistry registry, String slot) {
        this.live = new LaneMetrics(registry, slot, "live");
        this.run = new LaneMetrics(registry, slot, "run");
        this.repeated = counter(registry, slot, "outrun.connector.changes.repeated");
        this.refilled = counter(registry, slot, "outrun.connector.appends.refilled");
        this.rebuilt = counter(registry, slot, "outrun.connector.run.topics.rebuilt");
        this.deadLetters = counter(registry, slot, "outrun.connector.dead.letters");
    }

    private static Counter counter(MeterRegistry registry, String slot, String name) {
        return Counter.builder(name).tag("slot", slot).register(registry);
    }

    LaneMetrics live() {
        return live;
    }

    LaneMetrics run() {
        return run;
    }

    /** The stream has delivered a change once more. */
    void repeated() {
        repeated.increment();
    }

    /** An append was read from the table because no stream delivers it. */
    void refilled() {
        refilled.increment();
    }

    /** A run topic was deleted and made anew. */
    void rebuilt() {
        rebuilt.increment();
    }

    /** An append cannot be published. */
    void deadLetter() {
        deadLetters.increment();
    }
}
