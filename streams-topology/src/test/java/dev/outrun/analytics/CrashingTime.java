package dev.outrun.analytics;

import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.kafka.common.utils.Time;

/**
 * The system's time, at some looks at which a stream thread dies: between two records, before,
 * after or in the middle of a commit, as a seed says.
 */
final class CrashingTime implements Time {

    /** Looks before each crash: a commit takes some ten, a record about one. */
    private static final int LOOKS_MIN = 100;

    private static final int LOOKS_MAX = 2_500;

    private final SplittableRandom random;
    private final AtomicInteger crashes;
    private int looks;

    CrashingTime(long seed, int crashes) {
        this.random = new SplittableRandom(seed);
        this.crashes = new AtomicInteger(crashes);
        this.looks = random.nextInt(LOOKS_MIN, LOOKS_MAX);
    }

    @Override
    public long milliseconds() {
        crashWhenDue();
        return SYSTEM.milliseconds();
    }

    @Override
    public long nanoseconds() {
        return SYSTEM.nanoseconds();
    }

    @Override
    public void sleep(long ms) {
        SYSTEM.sleep(ms);
    }

    @Override
    public void waitObject(Object object, Supplier<Boolean> condition, long deadlineMs)
            throws InterruptedException {
        SYSTEM.waitObject(object, condition, deadlineMs);
    }

    private synchronized void crashWhenDue() {
        boolean streams = Thread.currentThread().getName().contains("StreamThread");
        if (streams && crashes.get() > 0 && looks-- <= 0) {
            crashes.decrementAndGet();
            looks = random.nextInt(LOOKS_MIN, LOOKS_MAX);
            throw new IllegalStateException("crash");
        }
    }
}
