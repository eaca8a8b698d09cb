package dev.outrun.testkit;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Ends what waits on the thread that made it: while it does, nothing else moves, so what it waits
 * for cannot come. By the real clock; not by the virtual one, which stands still.
 */
final class Watchdog {

    private static final int FRAMES_SHOWN = 8;

    private final Thread watched = Thread.currentThread();
    private final CountDownLatch over = new CountDownLatch(1);
    private boolean ended;
    private StackTraceElement @Nullable [] caughtAt;

    /** Interrupts this thread if it is not {@link #end ended} after so long. */
    static Watchdog start(Duration most) {
        Watchdog watchdog = new Watchdog();
        Thread.ofVirtual().name("watchdog").start(() -> watchdog.watch(most));
        return watchdog;
    }

    private void watch(Duration most) {
        try {
            if (!over.await(most.toNanos(), TimeUnit.NANOSECONDS)) {
                bark();
            }
        } catch (InterruptedException e) {
            // Nobody interrupts it, and if somebody does, nobody is watched any more.
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void bark() {
        if (!ended) {
            caughtAt = watched.getStackTrace();
            watched.interrupt();
        }
    }

    /** Watches no longer; where the thread was when it was interrupted, null if it was not. */
    synchronized @Nullable String end() {
        ended = true;
        over.countDown();
        if (caughtAt == null) {
            return null;
        }
        Thread.interrupted();
        return Arrays.stream(caughtAt)
                .limit(FRAMES_SHOWN)
                .map(frame -> "\n    at " + frame)
                .collect(Collectors.joining());
    }
}
