package dev.outrun.connector;

import dev.outrun.connector.source.SlotCare;
import dev.outrun.connector.source.SlotHealth;
import dev.outrun.connector.source.SlotHealth.WalStatus;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/** What the server says of a slot, as meters: what the care saw last, NaN where it saw nothing. */
final class SlotMetrics {

    private final MeterRegistry registry;
    private final Tags tags;
    private final SlotCare care;

    private SlotMetrics(MeterRegistry registry, String slot, SlotCare care) {
        this.registry = registry;
        this.tags = Tags.of("slot", slot);
        this.care = care;
    }

    static void register(MeterRegistry registry, String slot, SlotCare care) {
        SlotMetrics metrics = new SlotMetrics(registry, slot, care);
        metrics.bytes("lag", SlotHealth::lagBytes);
        metrics.bytes("retained", SlotHealth::retainedBytes);
        metrics.bytes("safe", SlotMetrics::safeBytes);
        metrics.flag("active", SlotHealth::active);
        metrics.flag("failover", SlotHealth::failover);
        metrics.flag("lost", SlotHealth::isLost);
        for (WalStatus status : WalStatus.values()) {
            metrics.gauge("wal.status", health -> health.walStatus() == status ? 1 : 0)
                    .tag("status", status.name().toLowerCase(Locale.ROOT))
                    .register(registry);
        }
    }

    private static double safeBytes(SlotHealth health) {
        Long safe = health.safeBytes();
        return safe == null ? Double.NaN : safe;
    }

    private void bytes(String name, ToDoubleFunction<SlotHealth> value) {
        gauge(name, value).baseUnit("bytes").register(registry);
    }

    private void flag(String name, Predicate<SlotHealth> value) {
        gauge(name, health -> value.test(health) ? 1 : 0).register(registry);
    }

    private Gauge.Builder<?> gauge(String name, ToDoubleFunction<SlotHealth> value) {
        return Gauge.builder(
                        "outrun.connector.slot." + name,
                        () -> {
                            SlotHealth last = care.last();
                            return last == null ? Double.NaN : value.applyAsDouble(last);
                        })
                .tags(tags);
    }
}
