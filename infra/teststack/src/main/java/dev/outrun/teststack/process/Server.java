package dev.outrun.teststack.process;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Who is hurt in a test: a real process, which somebody starts again whenever it ends, as a service
 * manager would, at the same port and on the same data. Each of these calls is for the process
 * there is, or the next one if there is none just now.
 */
public interface Server extends AutoCloseable {

    /** Ends it by force; returns when it is gone. */
    void kill() throws InterruptedException;

    /**
     * Asks it to end; returns when it is gone.
     *
     * @throws AssertionError if it takes too long
     */
    void stop() throws InterruptedException;

    /** Asks it to end without tidying up; returns when it is gone. */
    void stopAtOnce() throws InterruptedException;

    /** Holds it; it goes on by itself, whatever becomes of us. */
    void freeze(Duration length) throws InterruptedException;

    /** What has happened to it that must not, whatever is done to it; null if nothing has. */
    @Nullable String trouble();

    /** Ends it for good, by force; works with the thread interrupted. */
    @Override
    void close();
}
