package dev.outrun.engine;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.apache.kafka.common.utils.Time;

/** The system's time, from a later hour, in a process that may be killed. */
final class EngineTime implements Time {

    private final Duration ahead;
    private final Set<Thread> dead = ConcurrentHashMap.newKeySet();
    private volatile boolean killed;

    EngineTime(Duration ahead) {
        this.ahead = ahead;
    }

    /**
     * Has each stream thread die at its next look: wherever it is then, it commits nothing more.
     */
    void kill() {
        killed = true;
    }

    boolean isKilled() {
        return killed;
    }

    @Override
    public long milliseconds() {
        Thread here = Thread.currentThread();
        if (killed && here.getName().contains("StreamThread") && dead.add(here)) {
            throw new IllegalStateException("killed");
        }
        return SYSTEM.milliseconds() + ahead.toMillis();
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
        SYSTEM.waitObject(object, condition, deadlineMs - ahead.toMillis());
    }
}
