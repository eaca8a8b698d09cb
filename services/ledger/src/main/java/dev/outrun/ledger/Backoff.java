package dev.outrun.ledger;

import java.time.Duration;

/** How long to wait before the next try: doubles with every failure. For one thread. */
final class Backoff {

    private final long firstNanos;
    private final long mostNanos;
    private long nextNanos;
    private long waitUntil;
    private boolean waiting;

    Backoff(Duration first, Duration most) {
        this.firstNanos = first.toNanos();
        this.mostNanos = most.toNanos();
        this.nextNanos = firstNanos;
    }

    void failed() {
        waiting = true;
        waitUntil = System.nanoTime() + nextNanos;
        nextNanos = Math.min(nextNanos * 2, mostNanos);
    }

    void succeeded() {
        nextNanos = firstNanos;
    }

    boolean isWaiting() {
        waiting = waiting && left().isPositive();
        return waiting;
    }

    Duration left() {
        return Duration.ofNanos(waitUntil - System.nanoTime());
    }
}
