package dev.outrun.schema.run;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A run's id: a UUID, in its 36-character lower-case form wherever it is text. */
public record RunId(UUID value) implements Comparable<RunId> {

    /** Parses the 36-character form; anything else is {@link ErrorCode#INVALID_RUN_ID}. */
    @JsonCreator
    public static RunId parse(String text) {
        try {
            UUID value = UUID.fromString(text);
            if (value.toString().equalsIgnoreCase(text)) {
                return new RunId(value);
            }
        } catch (IllegalArgumentException e) {
            // Falls through: not a UUID at all is the same answer as one in another spelling.
        }
        throw new OutrunException(ErrorCode.INVALID_RUN_ID, "'" + text + "' is not a run id");
    }

    /** A new id, UUID version 7: ids minted later sort later, to the millisecond. */
    public static RunId mint(InstantSource clock, RandomGenerator random) {
        long high = (clock.millis() << 16) | 0x7000L | (random.nextLong() & 0xFFFL);
        long low = (random.nextLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
        return new RunId(new UUID(high, low));
    }

    /**
     * When it was minted, to the millisecond; null for an id of another kind, which does not say.
     */
    public @Nullable Instant mintedAt() {
        return value.version() == 7
                ? Instant.ofEpochMilli(value.getMostSignificantBits() >>> 16)
                : null;
    }

    @Override
    public int compareTo(RunId other) {
        return value.compareTo(other.value);
    }

    @Override
    @JsonValue
    public String toString() {
        return value.toString();
    }
}
