package dev.outrun.worker.lease;

import java.io.IOException;

/** Somebody far away who waits for a task. */
@FunctionalInterface
public interface LeaseClient {

    /**
     * Looks whether they are still there, about once a second.
     *
     * @throws IOException if they are not
     */
    void look() throws IOException;
}
