package dev.outrun.api.hub;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** A place in the firehose: where to begin, or how far a reader is in each of its shards. */
public sealed interface FirehosePlace {

    /** The two that need no numbers. */
    enum Known implements FirehosePlace {
        /** Before all there is. */
        EARLIEST,
        /** Behind all there is. */
        LATEST
    }

    /**
     * A next offset for each shard, in their order.
     *
     * @param next not negative
     */
    record Offsets(List<Long> next) implements FirehosePlace {

        public Offsets {
            next = List.copyOf(next);
        }

        @Override
        public String toString() {
            return next.stream().map(String::valueOf).collect(Collectors.joining(","));
        }
    }

    /**
     * Reads {@code earliest}, {@code latest}, or offsets as they are written.
     *
     * @throws OutrunException {@code invalid_seq}
     */
    static FirehosePlace parse(String text) {
        return switch (text) {
            case "earliest" -> Known.EARLIEST;
            case "latest" -> Known.LATEST;
            default -> offsets(text);
        };
    }

    private static Offsets offsets(String text) {
        List<Long> next = new ArrayList<>();
        for (String offset : text.split(",", -1)) {
            if (!offset.matches("[0-9]{1,18}")) {
                throw new OutrunException(
                        ErrorCode.INVALID_SEQ,
                        "a place in the firehose is earliest, latest, or an offset for each shard");
            }
            next.add(Long.parseLong(offset));
        }
        return new Offsets(next);
    }

    /** The place of these offsets. */
    static Offsets of(long[] next) {
        return new Offsets(Arrays.stream(next).boxed().toList());
    }
}
