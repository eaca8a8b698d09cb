package dev.outrun.api.access;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/** Holds each caller to its {@link CallerLimits}. Thread-safe. */
public final class Limits {

    private final CallerLimits limits;
    private final Buckets rate;
    private final Map<String, Integer> calls = new HashMap<>();
    private final Map<String, Integer> streams = new HashMap<>();
    private final Counter tooFast;
    private final Counter tooManyCalls;
    private final Counter tooManyStreams;

    /** A call that is under way, until it is closed. */
    public interface Entered extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Nobody has called yet.
     *
     * @param nanoTime a clock that never goes back, such as {@link System#nanoTime}
     */
    public Limits(CallerLimits limits, MeterRegistry registry, LongSupplier nanoTime) {
        this.limits = limits;
        this.rate = new Buckets(limits.callsPerSecond(), limits.callsBurst(), nanoTime);
        this.tooFast = refused(registry, "rate");
        this.tooManyCalls = refused(registry, "calls");
        this.tooManyStreams = refused(registry, "streams");
    }

    /** Lets a call begin. Throws {@code too_many_requests}. */
    public Entered enter(Caller caller, boolean stream) {
        if (!caller.isKnown()) {
            return () -> {}; // everybody together is held to the node's limits alone
        }
        if (!rate.take(caller.name())) {
            tooFast.increment();
            throw refusal("more than " + limits.callsPerSecond() + " calls a second");
        }
        if (stream) {
            enter(streams, caller, limits.streamsMax(), tooManyStreams, "event streams");
            return () -> leave(streams, caller);
        }
        enter(calls, caller, limits.callsMax(), tooManyCalls, "calls");
        return () -> leave(calls, caller);
    }

    private void enter(
            Map<String, Integer> open, Caller caller, int most, Counter refused, String what) {
        synchronized (open) {
            int now = open.getOrDefault(caller.name(), 0);
            if (now < most) {
                open.put(caller.name(), now + 1);
                return;
            }
        }
        refused.increment();
        throw refusal("more than " + most + " " + what + " at once");
    }

    private static void leave(Map<String, Integer> open, Caller caller) {
        synchronized (open) {
            open.computeIfPresent(caller.name(), (name, now) -> now == 1 ? null : now - 1);
        }
    }

    private static OutrunException refusal(String why) {
        return new OutrunException(ErrorCode.TOO_MANY_REQUESTS, why + " of this caller's");
    }

    private static Counter refused(MeterRegistry registry, String limit) {
        return registry.counter("outrun.access.refused", "limit", limit);
    }
}
