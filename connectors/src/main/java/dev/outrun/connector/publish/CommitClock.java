package dev.outrun.connector.publish;

import dev.outrun.connector.source.WalPlace;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;

/**
 * Puts times of commits, which are the database's, on the clock of {@link System#nanoTime}, so that
 * an acknowledgement reads one number to know its latency. One thread.
 */
final class CommitClock {

    /** When it committed is not known. */
    static final long UNKNOWN = Long.MIN_VALUE;

    private final InstantSource wall;
    private long offset;

    CommitClock(InstantSource wall) {
        this.wall = wall;
    }

    /** Reads both clocks; called now and then, for one of them is set now and then. */
    void align() {
        Instant now = wall.instant();
        offset = System.nanoTime() - TimeUnit.SECONDS.toNanos(now.getEpochSecond()) - now.getNano();
    }

    /** When the change at this place committed; {@link #UNKNOWN} where the place does not say. */
    long nanos(WalPlace place) {
        long micros = place.committedMicros();
        return micros == WalPlace.NO_TIME
                ? UNKNOWN
                : TimeUnit.MICROSECONDS.toNanos(micros) + offset;
    }
}
