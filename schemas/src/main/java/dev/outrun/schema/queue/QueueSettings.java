package dev.outrun.schema.queue;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a queue keeps to, and the data of {@link dev.outrun.schema.event.EventTypes#QUEUE_CHANGED}:
 * there, concurrency and rate are the part of the shard whose log it is in.
 *
 * @param queue its name
 * @param width how many shards its runs are hashed over
 * @param concurrency attempts live at once; null is no limit
 * @param concurrencyPerKey the same, of the runs that have one concurrency key
 * @param rate how often an attempt may start; null is no limit
 * @param runTopics which of the runs started from now on have topics of their own
 */
public record QueueSettings(
        String queue,
        Mode mode,
        Order order,
        int width,
        @Nullable Integer concurrency,
        @Nullable Integer concurrencyPerKey,
        @Nullable Rate rate,
        RunTopics runTopics) {

    public QueueSettings {
        Objects.requireNonNull(queue, "queue");
        Objects.requireNonNull(mode, "mode");
        Objects.requireNonNull(order, "order");
        runTopics = Objects.requireNonNullElse(runTopics, RunTopics.EACH); // as it was before
    }

    /** What a queue keeps to of which nobody has said anything. */
    public static QueueSettings of(String queue) {
        return new QueueSettings(
                queue, Mode.ACTIVE, Order.FIFO, 1, null, null, null, RunTopics.EACH);
    }

    /** Which attempts start. */
    public enum Mode {
        @JsonProperty("active")
        ACTIVE,
        /** None. */
        @JsonProperty("paused")
        PAUSED,
        /** Those of runs that have begun. */
        @JsonProperty("draining")
        DRAINING
    }

    /**
     * Which goes first of waiting runs with one priority: that which has been ready longest, or
     * shortest.
     */
    public enum Order {
        @JsonProperty("fifo")
        FIFO,
        @JsonProperty("lifo")
        LIFO
    }

    /** Which runs have topics of their own. */
    public enum RunTopics {
        @JsonProperty("each")
        EACH,
        /** None: they are in the firehose and the ledger alone. */
        @JsonProperty("none")
        NONE
    }

    /**
     * So many starts of attempts in any stretch of so long.
     *
     * @param perMs milliseconds
     */
    public record Rate(int limit, int perMs) {

        public Duration per() {
            return Duration.ofMillis(perMs);
        }
    }
}
