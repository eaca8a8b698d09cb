package dev.outrun.connector;

import dev.outrun.connector.publish.Checkpoints;
import dev.outrun.connector.publish.DeadLetters;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How a slot's publishing is, as meters: read when somebody reads the registry, from memory alone.
 * They keep what they measure; a registry is not meant to outlive its connector.
 */
final class SupervisorMetrics {

    private final MeterRegistry registry;
    private final Tags tags;

    private SupervisorMetrics(MeterRegistry registry, String slot) {
        this.registry = registry;
        this.tags = Tags.of("slot", slot);
    }

    static void register(
            MeterRegistry registry,
            String slot,
            Supervisor supervisor,
            Checkpoints checkpoints,
            DeadLetters deadLetters) {
        SupervisorMetrics metrics = new SupervisorMetrics(registry, slot);
        for (Health.State state : Health.State.values()) {
            metrics.state(state, supervisor);
        }
        metrics.gauge("outrun.connector.records.in.flight", supervisor::inFlight);
        metrics.seconds(
                "outrun.connector.unacknowledged.age",
                () -> supervisor.health().oldestUnacknowledged());
        metrics.seconds("outrun.connector.checkpoint.age", checkpoints::age);
        metrics.gauge("outrun.connector.runs.halted", deadLetters::haltedRuns);
    }

    /** One for each state, of which one is 1. */
    private void state(Health.State state, Supervisor supervisor) {
        Gauge.builder("outrun.connector.state", () -> supervisor.health().state() == state ? 1 : 0)
                .tags(tags.and("state", state.name().toLowerCase(Locale.ROOT)))
                .register(registry);
    }

    private void gauge(String name, Supplier<Number> value) {
        Gauge.builder(name, value).tags(tags).register(registry);
    }

    private void seconds(String name, Supplier<@Nullable Duration> value) {
        Gauge.builder(
                        name,
                        () -> {
                            Duration now = value.get();
                            return now == null ? Double.NaN : now.toNanos() / 1e9;
                        })
                .baseUnit("seconds")
                .tags(tags)
                .register(registry);
    }
}
