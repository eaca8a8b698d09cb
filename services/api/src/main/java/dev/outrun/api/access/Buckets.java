package dev.outrun.api.access;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Token buckets by name: each fills at a steady rate up to a burst, and whatever begins takes one.
 * Thread-safe.
 */
final class Buckets {

    /** Names at once. A bucket that has filled up is forgotten when there are more. */
    private static final int BUCKETS_MAX = 10_000;

    /** Looking for full ones goes through all of them. */
    private static final long SWEEP_NANOS_MIN = TimeUnit.MILLISECONDS.toNanos(100);

    private final Map<String, Bucket> buckets = new HashMap<>();
    private final double perNano;
    private final int burst;
    private final LongSupplier nanoTime;
    private long sweptAt;

    private static final class Bucket {
        private double tokens;
        private long at;
    }

    /**
     * None yet.
     *
     * @param nanoTime a clock that never goes back, such as {@link System#nanoTime}
     */
    Buckets(int perSecond, int burst, LongSupplier nanoTime) {
        this.perNano = perSecond / (double) TimeUnit.SECONDS.toNanos(1);
        this.burst = burst;
        this.nanoTime = nanoTime;
        this.sweptAt = nanoTime.getAsLong() - SWEEP_NANOS_MIN;
    }

    /** Takes a token of this name's; false if it has none, or there are too many names. */
    synchronized boolean take(String name) {
        long now = nanoTime.getAsLong();
        Bucket bucket = buckets.get(name);
        if (bucket == null) {
            if (!hasRoom(now)) {
                return false;
            }
            bucket = new Bucket();
            bucket.tokens = burst;
            bucket.at = now;
            buckets.put(name, bucket);
        }
        bucket.tokens = filled(bucket, now);
        bucket.at = now;
        if (bucket.tokens < 1) {
            return false;
        }
        bucket.tokens--;
        return true;
    }

    private boolean hasRoom(long now) {
        if (buckets.size() >= BUCKETS_MAX && now - sweptAt >= SWEEP_NANOS_MIN) {
            sweptAt = now;
            buckets.values().removeIf(bucket -> filled(bucket, now) >= burst);
        }
        return buckets.size() < BUCKETS_MAX;
    }

    private double filled(Bucket bucket, long now) {
        return Math.min(burst, bucket.tokens + (now - bucket.at) * perNano);
    }
}
