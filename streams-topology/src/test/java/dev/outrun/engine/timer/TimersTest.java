package dev.outrun.engine.timer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.outrun.schema.run.RunId;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;

final class TimersTest {

    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final RunId A = new RunId(new UUID(0, 1));
    private static final RunId B = new RunId(new UUID(0, 2));

    private final Timers<RunId> timers = new Timers<>();

    @Test
    void timers_due_fireEarliestFirstAndOnce() {
        // Given
        timers.set(NOW.plusNanos(1), A);
        timers.set(NOW, B);

        // When / Then
        assertNull(timers.pollDue(NOW.minusNanos(1)));
        assertEquals(B, timers.pollDue(NOW));
        assertNull(timers.pollDue(NOW));
        assertEquals(A, timers.pollDue(NOW.plusSeconds(1)));
        assertNull(timers.pollDue(NOW.plusSeconds(1)));
    }

    @Test
    void timers_ofOneMoment_areKeptApart() {
        // Given
        timers.set(NOW, B);
        timers.set(NOW, A);

        // When
        timers.cancel(NOW, B);

        // Then
        assertEquals(A, timers.pollDue(NOW));
        assertEquals(0, timers.size());
    }

    @Test
    void nextDue_isThatOfTheEarliestLeft() {
        // Given
        assertNull(timers.nextDue());
        timers.set(NOW.plusSeconds(1), A);
        timers.set(NOW, B);

        // When / Then
        assertEquals(NOW, timers.nextDue());
        timers.cancel(NOW, B);
        assertEquals(NOW.plusSeconds(1), timers.nextDue());
    }

    @Test
    void timer_cancelledAfterItFired_isNoError() {
        // When
        timers.cancel(NOW, A);

        // Then
        assertNull(timers.pollDue(NOW));
    }
}
