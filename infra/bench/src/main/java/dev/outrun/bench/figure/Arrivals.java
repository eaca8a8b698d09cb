package dev.outrun.bench.figure;

import java.util.concurrent.TimeUnit;

/** The ages of events as they arrive, handed out for so many at a time. Thread-safe. */
public final class Arrivals {

    /** After the last one was sent: what has not come by then does not come. */
    private static final long LATE_MAX_SECONDS = 30;

    private Ages ages = new Ages();
    private long mark = Long.MAX_VALUE;
    private long behindMark;

    /** An event has arrived that was due at this time. */
    public void arrived(long due) {
        long now = Micros.now();
        synchronized (this) {
            ages.add(now - due);
            if (due > mark) {
                mark = Long.MAX_VALUE;
                behindMark = now;
            }
            notifyAll();
        }
    }

    /**
     * Waits for so many since the last call.
     *
     * @return their ages; of fewer where they do not come, of more where too many have
     */
    public synchronized Ages await(long expected) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LATE_MAX_SECONDS);
        for (long left = deadline - System.nanoTime();
                ages.count() < expected && left > 0;
                left = deadline - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        Ages taken = ages;
        ages = new Ages();
        return taken;
    }

    /** From now on the first event is looked for that is due after this time. */
    public synchronized void mark(long time) {
        mark = time;
    }

    /** Waits for the event that is looked for; when it came. */
    public synchronized long awaitBehindMark() throws InterruptedException {
        while (mark != Long.MAX_VALUE) {
            wait();
        }
        return behindMark;
    }
}
