package dev.outrun.schema.analytics;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.json.WireJson;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SketchTest {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void quantiles_ofAnyValues_areWithinTheError(long seed) {
        // Given
        double[] values = values(seed, 5_000);
        Sketch sketch = new Sketch();

        // When
        Arrays.stream(values).forEach(sketch::add);

        // Then
        Arrays.sort(values);
        for (int percent = 0; percent <= 100; percent++) {
            double exact = values[(int) Math.floor(percent / 100.0 * (values.length - 1))];
            assertEquals(
                    exact,
                    sketch.quantile(percent / 100.0),
                    exact * Sketch.RELATIVE_ERROR * (1 + 1e-9),
                    percent + "% of seed " + seed);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void sketches_merged_areThatOfAllTheirValues(long seed) {
        // Given
        double[] values = values(seed, 3_000);
        Sketch whole = new Sketch();
        Sketch[] parts = {new Sketch(), new Sketch(), new Sketch(), new Sketch()};
        for (int i = 0; i < values.length; i++) {
            whole.add(values[i]);
            parts[i % 3].add(values[i]);
        }

        // When
        Sketch merged = new Sketch();
        for (Sketch part : parts) {
            merged.add(part.distribution());
        }

        // Then
        assertArrayEquals(
                WireJson.write(whole.distribution()), WireJson.write(merged.distribution()));
    }

    @Test
    void zeros_areValues() {
        // Given
        Sketch sketch = new Sketch();
        sketch.add(0);
        sketch.add(0);
        sketch.add(8);

        // When
        Distribution distribution = sketch.distribution();

        // Then
        assertEquals(3, distribution.count());
        assertEquals(0, distribution.p50());
        assertEquals(8, distribution.max());
    }

    @Test
    void distribution_ofNothing_hasNoPercentiles() {
        // When
        Distribution distribution = new Sketch().distribution();

        // Then
        assertEquals(0, distribution.count());
        assertNull(distribution.p50());
        assertNull(distribution.sketch());
        assertEquals("{\"count\":0}", new String(WireJson.write(distribution), UTF_8));
    }

    @Test
    void sketch_ofAThousandValues_isSmall() {
        // Given
        Sketch sketch = new Sketch();

        // When
        Arrays.stream(values(7, 1_000)).forEach(sketch::add);

        // Then
        assertTrue(sketch.encoded().length < 3_000, sketch.encoded().length + " bytes");
    }

    @Test
    void bytes_ofSomethingElse_areRefused() {
        // When / Then
        assertThrows(IllegalArgumentException.class, () -> Sketch.decode(new byte[] {1, 2, 3}, 1));
    }

    /** From microseconds to days, most of them in between. */
    private static double[] values(long seed, int count) {
        SplittableRandom random = new SplittableRandom(seed);
        return random.doubles(count).map(each -> Math.exp(each * 25 - 7)).toArray();
    }
}
