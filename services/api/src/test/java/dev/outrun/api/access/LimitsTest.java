package dev.outrun.api.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.ledger.access.Role;
import dev.outrun.ledger.access.TenantScope;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class LimitsTest {

    private final AtomicLong nanos = new AtomicLong(-5);
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    @Test
    void calls_fasterThanTheRate_areRefusedUntilTimeHasGoneBy() {
        // Given
        Limits limits = limits(new CallerLimits(10, 3, 100, 100));
        for (int i = 0; i < 3; i++) {
            limits.enter(caller("key:a"), false).close();
        }

        // When
        assertRefused(limits, caller("key:a"), false);
        limits.enter(caller("key:b"), false).close();
        nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(100));

        // Then
        limits.enter(caller("key:a"), false).close();
        assertRefused(limits, caller("key:a"), false);
        assertEquals(2, refused("rate"));
    }

    @Test
    void callsAtOnce_areAsManyAsMayBe_eventStreamsAside() {
        // Given
        Limits limits = limits(new CallerLimits(1_000, 1_000, 2, 1));
        limits.enter(caller("key:a"), false);
        Limits.Entered second = limits.enter(caller("key:a"), false);
        limits.enter(caller("key:a"), true);

        // When
        assertRefused(limits, caller("key:a"), false);
        assertRefused(limits, caller("key:a"), true);
        second.close();

        // Then
        limits.enter(caller("key:a"), false);
        limits.enter(caller("key:b"), true);
        assertEquals(1, refused("calls"));
        assertEquals(1, refused("streams"));
    }

    @Test
    void nobodyInParticular_hasNoLimits() {
        // Given
        Limits limits = limits(new CallerLimits(1, 1, 1, 1));

        // When
        for (int i = 0; i < 100; i++) {
            limits.enter(Caller.ANONYMOUS, i % 2 == 0);
        }

        // Then
        assertEquals(0, refused("rate") + refused("calls") + refused("streams"));
    }

    @Test
    void buckets_ofTooManyNames_areForgottenWhenTheyAreFull() {
        // Given
        Buckets buckets = new Buckets(10, 2, nanos::get);
        for (int i = 0; i < 10_000; i++) {
            assertTrue(buckets.take("name " + i));
        }

        // When
        boolean early = buckets.take("one more");
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));

        // Then
        assertFalse(early);
        assertTrue(buckets.take("one more"));
        assertTrue(buckets.take("name 1"));
    }

    @Test
    void limits_outOfBounds_areRefusedByName() {
        // When
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> new CallerLimits(1, 1, 0, 1));

        // Then
        assertEquals("access.limits.calls_max is 0, not 1 to 1000000", refusal.getMessage());
    }

    private Limits limits(CallerLimits each) {
        return new Limits(each, registry, nanos::get);
    }

    private double refused(String limit) {
        return registry.counter("outrun.access.refused", "limit", limit).count();
    }

    private static Caller caller(String name) {
        return Caller.known(name, Role.READER, TenantScope.EVERY, () -> true);
    }

    private static void assertRefused(Limits limits, Caller caller, boolean stream) {
        assertEquals(
                ErrorCode.TOO_MANY_REQUESTS,
                assertThrows(OutrunException.class, () -> limits.enter(caller, stream)).code());
    }
}
