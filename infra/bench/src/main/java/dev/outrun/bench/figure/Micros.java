package dev.outrun.bench.figure;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Points in time as microseconds of the machine's clock, which all its processes have in common,
 * and which events say when they were written by.
 */
public final class Micros {

    public static final long PER_SECOND = TimeUnit.SECONDS.toMicros(1);

    private Micros() {}

    public static long now() {
        return of(Instant.now());
    }

    public static long of(Instant time) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, time);
    }

    /** Returns at that time, or at once if it is over. */
    public static void sleepUntil(long micros) {
        for (long left = micros - now(); left > 0; left = micros - now()) {
            LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(left));
        }
    }
}
