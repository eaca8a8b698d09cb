package dev.outrun.api.hub;

import java.time.Duration;

/** What a client's event stream is fed from. For one thread. */
public interface Deliveries {

    /** What comes next; waits for it at most as long as {@code patience}. */
    Delivery next(Duration patience) throws InterruptedException;
}
