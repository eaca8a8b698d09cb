package dev.outrun.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HistoryTest {

    private static final Target LATENCY =
            new Target("age, ms", "latency", List.of("outrun", "age", "p50"), 3, true);
    private static final Target RATE =
            new Target("events/s", "drain", List.of("drain", "rate"), 60_000, false);

    @Test
    void figures_areKept_besideThoseOfOtherBenches(@TempDir Path folder) throws Exception {
        // Given
        Path file = folder.resolve("1.json");
        History first = History.read(file);
        first.keep("latency", said(), Map.of("age, ms", 2.5));
        first.write(file);

        // When
        History second = History.read(file);
        second.keep("drain", said(), Map.of("events/s", 70_000.0));
        second.write(file);

        // Then
        History kept = History.read(file);
        assertEquals(OptionalDouble.of(2.5), kept.figure(LATENCY));
        assertEquals(OptionalDouble.of(70_000), kept.figure(RATE));
        assertEquals(OptionalDouble.empty(), first.figure(RATE));
    }

    @Test
    void regression_isWorseByMoreThanAQuarter() {
        assertFalse(LATENCY.isRegression(2.5, 2));
        assertTrue(LATENCY.isRegression(2.51, 2));
        assertFalse(RATE.isRegression(60_000, 75_000));
        assertTrue(RATE.isRegression(59_999, 75_000));
        assertFalse(RATE.isRegression(90_000, 75_000));
    }

    private static Map<String, Object> said() {
        return Map.of("at", "now", "machine", Map.of("cores", 2), "ratios", Map.of());
    }
}
