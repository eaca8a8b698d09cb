package dev.outrun.api.hub;

import java.util.concurrent.TimeUnit;

/** Wakes a thread that waits for any of several inboxes. */
final class Bell {

    private boolean rung;

    synchronized void ring() {
        rung = true;
        notifyAll();
    }

    /** Whether it was rung since it was last heard, or is within this time. */
    synchronized boolean await(long nanosMax) throws InterruptedException {
        long deadline = System.nanoTime() + nanosMax;
        for (long left = nanosMax; !rung && left > 0; left = deadline - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, Math.max(left, TimeUnit.MILLISECONDS.toNanos(1)));
        }
        boolean heard = rung;
        rung = false;
        return heard;
    }
}
