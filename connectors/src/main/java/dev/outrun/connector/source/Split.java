package dev.outrun.connector.source;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A part of the outbox, and what delivers it: the shards that leave the same remainder when divided
 * by the number of splits have a replication slot and a publication of their own. A run's shard
 * never changes, so its order is that of one slot.
 *
 * @param connector the name that a connector's slots have in common
 * @param number from 0 on
 * @param count of splits; 1 is the whole outbox
 */
public record Split(String connector, int number, int count) {

    /** Shards are below it; of a row with another one the lower ten bits count. */
    public static final int SHARDS_MAX = 1024;

    private static final Pattern PART = Pattern.compile("(.+)_(\\d{1,4})_of_(\\d{1,4})");

    private static final String WHOLE = "outrun";

    public Split {
        if (number < 0 || number >= count || count > SHARDS_MAX) {
            throw new IllegalArgumentException("split " + number + " of " + count);
        }
    }

    /** All splits of a connector, in order. */
    public static List<Split> all(String connector, int count) {
        return IntStream.range(0, count)
                .mapToObj(number -> new Split(connector, number, count))
                .toList();
    }

    /** The split that this slot delivers; empty if the slot is not one of this connector's. */
    public static Optional<Split> parse(String connector, String slot) {
        if (slot.equals(connector)) {
            return Optional.of(new Split(connector, 0, 1));
        }
        Matcher parts = PART.matcher(slot);
        return parts.matches() && parts.group(1).equals(connector)
                ? Optional.of(
                        new Split(
                                connector,
                                Integer.parseInt(parts.group(2)),
                                Integer.parseInt(parts.group(3))))
                : Optional.empty();
    }

    /** The replication slot; also the checkpoint's, the lease's and the watermark's name. */
    public String slot() {
        return count == 1 ? connector : name(connector);
    }

    /** The publication, which a slot needs from its beginning on. */
    public String publication() {
        return count == 1 ? WHOLE : name(WHOLE);
    }

    private String name(String of) {
        return "%s_%d_of_%d".formatted(of, number, count);
    }

    /** Whether this shard's events are delivered by its slot. */
    public boolean has(int shard) {
        return (shard & SHARDS_MAX - 1) % count == number;
    }

    /**
     * Whether a process that read from this slot may have published what is ours: it is ours, or
     * one of the same connector when it was split in another way.
     */
    public boolean mayOverlap(String slot) {
        return parse(connector, slot)
                .filter(other -> other.count != count || other.number == number)
                .isPresent();
    }
}
