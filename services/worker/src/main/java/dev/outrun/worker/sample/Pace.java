package dev.outrun.worker.sample;

import java.util.concurrent.TimeUnit;

/** The clock a handler waits by. */
interface Pace {

    /** The system's. */
    Pace REAL =
            new Pace() {
                @Override
                public long nanoTime() {
                    return System.nanoTime();
                }

                @Override
                public void waitUntil(long nanoTime) throws InterruptedException {
                    TimeUnit.NANOSECONDS.sleep(nanoTime - System.nanoTime());
                }
            };

    long nanoTime();

    /** Returns at this {@link #nanoTime}, at once where it is past. */
    void waitUntil(long nanoTime) throws InterruptedException;
}
