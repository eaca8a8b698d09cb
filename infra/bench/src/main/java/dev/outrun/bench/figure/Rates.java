package dev.outrun.bench.figure;

import java.util.concurrent.TimeUnit;

/** How many a second. */
public final class Rates {

    private static final double NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

    private Rates() {}

    public static double perSecond(long count, long nanos) {
        return count * NANOS_PER_SECOND / nanos;
    }
}
