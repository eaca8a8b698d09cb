package dev.outrun.schema.event;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * How often a run is tried, and how long after a failure the next attempt begins.
 *
 * @param maxAttempts attempts in all, the first included; 1 to 1,000
 * @param backoff how the delay grows
 * @param delayMs the delay after the first failure, milliseconds, 0 to a day
 * @param maxDelayMs what no delay exceeds, milliseconds
 * @param delaysMs each failure's own delay, milliseconds, the last one's for all that follow; where
 *     it is empty, backoff and delay count
 * @param jitter what part of a delay is left to chance, 0 to 1: a delay is between 1 - jitter and 1
 *     times as long
 * @param nonRetryable codes of errors after which no attempt follows
 */
public record RetryPolicy(
        int maxAttempts,
        Backoff backoff,
        long delayMs,
        long maxDelayMs,
        List<Long> delaysMs,
        double jitter,
        List<String> nonRetryable) {

    private static final long DAY_MS = Duration.ofDays(1).toMillis();
    private static final int DELAYS_MAX = 100;

    /** What a run gets that says nothing: 3 attempts, 0.5 s and 1 s apart. */
    public static final RetryPolicy DEFAULT =
            new RetryPolicy(
                    3,
                    Backoff.EXPONENTIAL,
                    500,
                    Duration.ofHours(1).toMillis(),
                    List.of(),
                    0,
                    List.of());

    public RetryPolicy {
        check("max_attempts", maxAttempts, 1, 1_000);
        check("delay_ms", delayMs, 0, DAY_MS);
        check("max_delay_ms", maxDelayMs, 0, DAY_MS);
        check("delays_ms' length", delaysMs.size(), 0, DELAYS_MAX);
        for (long delay : delaysMs) {
            check("delays_ms", delay, 0, DAY_MS);
        }
        if (!(jitter >= 0 && jitter <= 1)) {
            throw new IllegalArgumentException("retry.jitter is " + jitter + ", not 0 to 1");
        }
        delaysMs = List.copyOf(delaysMs);
        nonRetryable = List.copyOf(nonRetryable);
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
            @JsonProperty("max_delay_ms") @Nullable Long maxDelayMs,
            @JsonProperty("delays_ms") @Nullable List<Long> delaysMs,
            @JsonProperty("jitter") @Nullable Double jitter,
            @JsonProperty("non_retryable") @Nullable List<String> nonRetryable) {
        return new RetryPolicy(
                maxAttempts == null ? DEFAULT.maxAttempts : maxAttempts,
                backoff == null ? DEFAULT.backoff : backoff,
                delayMs == null ? DEFAULT.delayMs : delayMs,
                maxDelayMs == null ? DEFAULT.maxDelayMs : maxDelayMs,
                delaysMs == null ? DEFAULT.delaysMs : delaysMs,
                jitter == null ? DEFAULT.jitter : jitter,
                nonRetryable == null ? DEFAULT.nonRetryable : nonRetryable);
    }

    /**
     * Whether an attempt may follow after so many failures, the last with an error of this code.
     */
    public boolean allowsAnother(int failures, @Nullable String errorCode) {
        return failures < maxAttempts && (errorCode == null || !nonRetryable.contains(errorCode));
    }

    /**
     * The delay after this many failures, from 1.
     *
     * @param seed what chance depends on: the same run waits the same, whoever computes it
     */
    public Duration delayAfter(int failures, long seed) {
        long whole = Math.min(wholeDelayMs(failures), maxDelayMs);
        double chance = new SplittableRandom(seed + failures).nextDouble();
        return Duration.ofMillis(Math.round(whole * (1 - jitter * chance)));
    }

    private long wholeDelayMs(int failures) {
        if (!delaysMs.isEmpty()) {
            return delaysMs.get(Math.min(failures, delaysMs.size()) - 1);
        }
        return delayMs << (backoff == Backoff.FIXED ? 0 : Math.min(failures - 1, 30));
    }

    private static void check(String name, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    "retry." + name + " is " + value + ", not " + least + " to " + most);
        }
    }
}
