package dev.outrun.connector.publish;

import java.time.Duration;

/** The right to publish, which may lapse and come back. Thread-safe. */
@FunctionalInterface
public interface Right {

    /** Between two looks. */
    Duration LOOK_AGAIN = Duration.ofMillis(10);

    /** Whether we have it at this moment. */
    boolean isValid();

    /** Returns once we have it. */
    default void await() throws InterruptedException {
        while (!isValid()) {
            Thread.sleep(LOOK_AGAIN);
        }
    }
}
