package dev.outrun.connector.publish;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.connector.source.Lsn;
import dev.outrun.connector.source.WalPlace;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class CommitClockTest {

    private static final long NOW_MICROS = 1_900_000_000_123_456L;

    private final CommitClock clock =
            new CommitClock(() -> Instant.ofEpochSecond(1_900_000_000L, 123_456_000));

    @Test
    void commit_aSecondAgo_isASecondAgoOnTheMonotonicClock() {
        // Given
        long before = System.nanoTime();
        clock.align();
        long after = System.nanoTime();

        // When
        long nanos = clock.nanos(place(NOW_MICROS - 1_000_000));

        // Then
        assertTrue(nanos >= before - 1_000_000_000L);
        assertTrue(nanos <= after - 1_000_000_000L);
    }

    @Test
    void place_withoutATime_isUnknown() {
        // Given
        clock.align();

        // When
        long nanos = clock.nanos(new WalPlace(null, new Lsn(1)));

        // Then
        assertEquals(CommitClock.UNKNOWN, nanos);
    }

    private static WalPlace place(long committedMicros) {
        return new WalPlace(null, new Lsn(1), committedMicros);
    }
}
