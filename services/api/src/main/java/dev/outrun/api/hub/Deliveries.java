package dev.outrun.api.hub;

import java.time.Duration;

/** What a client's event stream is fed from. For one thread. */
public interface Deliveries extends AutoCloseable {

    /** What comes next; waits for it at most as long as {@code patience}. */
    Delivery next(Duration patience) throws InterruptedException;

    /** Leaves; there is no next one any more. */
    @Override
    void close();
}
