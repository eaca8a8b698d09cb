package dev.outrun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class StreamCursorTest {

    /** The hundredth interval of 20 seconds. */
    private static final Instant NOW = Instant.parse("2024-10-09T00:33:27Z");

    private final SplittableRandom random = new SplittableRandom(1);

    @Test
    void cursor_countsIntervals() {
        assertEquals("100", StreamCursor.next(null, NOW, random));
        assertEquals("100", StreamCursor.next("99", NOW, random));
        assertEquals("100", StreamCursor.next("nonsense", NOW, random));
        assertEquals("100", StreamCursor.next("-5", NOW, random));
        assertEquals("100", StreamCursor.next("9".repeat(19), NOW, random));
    }

    @Test
    void cursor_thatIsNotPast_isGoneBeyond() {
        for (long given : new long[] {100, 101, 5_000, 999_999_999_999_999_999L}) {
            for (int i = 0; i < 500; i++) {
                // When
                long next = Long.parseLong(StreamCursor.next("" + given, NOW, random));

                // Then
                assertTrue(next > given && next <= given + 180, next + " after " + given);
            }
        }
    }
}
