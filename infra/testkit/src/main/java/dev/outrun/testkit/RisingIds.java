package dev.outrun.testkit;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * What run ids are minted from, so that they follow from a seed and each is greater than those
 * before it: runs that are started at one time keep the order in which they were.
 */
final class RisingIds implements RandomGenerator {

    private static final int COUNTER_BITS = 32;

    private final long seeded;
    private long calls;

    RisingIds(long seed) {
        this.seeded = new SplittableRandom(seed).nextLong() << COUNTER_BITS;
    }

    /** An id takes two: what stands behind its time, and the rest, which counts. */
    @Override
    public long nextLong() {
        calls++;
        return calls % 2 == 1 ? 0 : seeded | calls / 2;
    }
}
