package dev.outrun.engine.timer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.time.Instant;
import org.junit.jupiter.api.Test;

final class AlarmsTest {

    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    private final Alarms<String> alarms = new Alarms<>();

    @Test
    void alarm_setAnew_goesOffOnceAtItsLastTime() {
        // Given
        alarms.set("a", NOW);
        alarms.set("b", NOW.plusSeconds(1));

        // When
        alarms.set("a", NOW.plusSeconds(2));

        // Then
        assertNull(alarms.pollDue(NOW));
        assertEquals("b", alarms.pollDue(NOW.plusSeconds(9)));
        assertEquals("a", alarms.pollDue(NOW.plusSeconds(9)));
        assertNull(alarms.pollDue(NOW.plusSeconds(9)));
    }

    @Test
    void alarm_setToNone_neverGoesOff() {
        // Given
        alarms.set("a", NOW);

        // When
        alarms.set("a", null);

        // Then
        assertNull(alarms.pollDue(NOW.plusSeconds(9)));
    }

    @Test
    void alarm_thatHasGoneOff_mayBeSetToTheSameTime() {
        // Given
        alarms.set("a", NOW);
        alarms.pollDue(NOW);

        // When
        alarms.set("a", NOW);

        // Then
        assertEquals("a", alarms.pollDue(NOW));
    }
}
