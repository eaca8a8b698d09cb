package dev.outrun.schema.analytics;

import dev.outrun.schema.run.Tenant;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;

/**
 * Which window of whose runs: the key in the windows topic. Runs of one queue may be in several
 * shards, and each shard has a window of its own; together they are the queue's.
 *
 * @param start the first instant in it, a whole multiple of {@link #SIZE} since 1970
 */
public record WindowKey(int shard, Instant start, String tenant, String queue, String handler) {

    /** How long every window is. Longer ones are made by merging. */
    public static final Duration SIZE = Duration.ofMinutes(1);

    public WindowKey {
        new Tenant(tenant);
        Objects.requireNonNull(queue, "queue");
        Objects.requireNonNull(handler, "handler");
        if (!start.equals(startOf(start, SIZE))) {
            throw new IllegalArgumentException("no window of " + SIZE + " starts at " + start);
        }
    }

    /** The instant after the last one in it. */
    public Instant end() {
        return start.plus(SIZE);
    }

    /** The start of the window of such a length, whole seconds, that an instant is in. */
    public static Instant startOf(Instant time, Duration size) {
        long seconds = size.toSeconds();
        return Instant.ofEpochSecond(Math.floorDiv(time.getEpochSecond(), seconds) * seconds);
    }
}
