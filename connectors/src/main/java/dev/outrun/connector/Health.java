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

    /** What a connector is doing; the later one needs to be looked after more. */
    public enum State {
        /** Another connector publishes; when it ends, this one takes over. */
        STANDBY,
        RUNNING,
        STOPPED,
        /** Postgres is away, or has sent it away; it tries again by itself. */
        RECONNECTING,
        /** Publishing on would break an invariant; somebody has to look. */
        HALTED
    }

    /** How two are together. */
    Health and(Health other) {
        Health worse = state.compareTo(other.state) < 0 ? other : this;
        Duration oldest =
                oldestUnacknowledged.compareTo(other.oldestUnacknowledged) < 0
                        ? other.oldestUnacknowledged
                        : oldestUnacknowledged;
        return new Health(worse.state, worse.reason, oldest);
    }
}
