package dev.outrun.connector;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a connector is.
 *
 * @param reason why it does not run, if it does not
 * @param oldestUnacknowledged how long the oldest record sent has been waiting for Kafka; an upper
 *     bound, to the grain of the checkpoints; zero when all is acknowledged
 */
public record Health(State state, @Nullable String reason, Duration oldestUnacknowledged) {

    /** What a connector is doing. */
    public enum State {
        RUNNING,
        /** Another connector publishes; when it ends, this one takes over. */
        STANDBY,
        /** Postgres is away, or has sent it away; it tries again by itself. */
        RECONNECTING,
        /** Publishing on would break an invariant; somebody has to look. */
        HALTED,
        STOPPED
    }
}
