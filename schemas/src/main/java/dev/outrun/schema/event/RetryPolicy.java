package dev.outrun.schema.event;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How often a run is tried, and how long after a failure the next attempt begins.
 *
 * @param maxAttempts attempts in all, the first included; 1 to 1,000
 * @param backoff how the delay grows
 * @param delayMs the delay after the first failure, milliseconds, 0 to a day
 * @param maxDelayMs what no delay exceeds, milliseconds
 */
public record RetryPolicy(int maxAttempts, Backoff backoff, long delayMs, long maxDelayMs) {

    private static final long DAY_MS = Duration.ofDays(1).toMillis();

    /** What a run gets that says nothing: 3 attempts, 0.5 s and 1 s apart. */
    public static final RetryPolicy DEFAULT =
            new RetryPolicy(3, Backoff.EXPONENTIAL, 500, Duration.ofHours(1).toMillis());

    public RetryPolicy {
        check("max_attempts", maxAttempts, 1, 1_000);
        check("delay_ms", delayMs, 0, DAY_MS);
        check("max_delay_ms", maxDelayMs, 0, DAY_MS);
    }

    /** How the delay grows from one failure to the next. */
    public enum Backoff {
        /** Always {@link #delayMs}. */
        @JsonProperty("fixed")
        FIXED,
        /** Doubles with each failure. */
        @JsonProperty("exponential")
        EXPONENTIAL
    }

    /** A policy from its JSON, where every field may be left out for that of {@link #DEFAULT}. */
    @JsonCreator
    public static RetryPolicy of(
            @JsonProperty("max_attempts") @Nullable Integer maxAttempts,
            @JsonProperty("backoff") @Nullable Backoff backoff,
            @JsonProperty("delay_ms") @Nullable Long delayMs,
            @JsonProperty("max_delay_ms") @Nullable Long maxDelayMs) {
        return new RetryPolicy(
                maxAttempts == null ? DEFAULT.maxAttempts : maxAttempts,
                backoff == null ? DEFAULT.backoff : backoff,
                delayMs == null ? DEFAULT.delayMs : delayMs,
                maxDelayMs == null ? DEFAULT.maxDelayMs : maxDelayMs);
    }

    /** The delay after this many failures, from 1. */
    public Duration delayAfter(int failures) {
        int doublings = backoff == Backoff.FIXED ? 0 : Math.min(failures - 1, 30);
        return Duration.ofMillis(Math.min(delayMs << doublings, maxDelayMs));
    }

    private static void check(String name, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    "retry." + name + " is " + value + ", not " + least + " to " + most);
        }
    }
}
