package dev.outrun.testkit;

import java.time.Instant;
import java.time.InstantSource;

/** The one clock of a {@link SteppedOutrun}: it stands still until it is moved. */
final class VirtualClock implements InstantSource {

    private Instant now;

    VirtualClock(Instant start) {
        this.now = start;
    }

    @Override
    public Instant instant() {
        return now;
    }

    void moveTo(Instant time) {
        now = time;
    }
}
