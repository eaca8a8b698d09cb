package dev.outrun.schema.topic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class HeaderTimeTest {

    private static final long YEAR_0 = Instant.parse("0000-01-01T00:00:00Z").getEpochSecond();
    private static final long YEAR_10000 = Instant.parse("9999-12-31T23:59:59Z").getEpochSecond();

    @Test
    void parse_whateverAnInstantWrites() {
        Random random = new Random(1);
        for (int i = 0; i < 10_000; i++) {
            int grain = new int[] {1, 1_000, 1_000_000, 1_000_000_000}[i % 4];
            Instant time =
                    Instant.ofEpochSecond(
                            random.nextLong(YEAR_0, YEAR_10000),
                            random.nextInt(1_000_000_000) / grain * (long) grain);

            assertEquals(time, HeaderTime.parse(time.toString()));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2026-11-22T10:15:30.1Z",
                "2024-02-29T10:15:30Z",
                "2026-11-22T24:00:00Z",
                "2026-06-30T23:59:60Z",
                "2026-11-22T10:15:30+01:00",
                "2026-11-22t10:15:30z",
                "+12026-11-22T10:15:30Z",
                "-2026-11-22T10:15:30Z"
            })
    void parse_otherForms_areAsJavaHasThem(String text) {
        assertEquals(Instant.parse(text), HeaderTime.parse(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Z",
                "2026-11-22T10:15Z",
                "2026-11-22T10:15:30",
                "2026-11-22T10:15:30.1234567890Z",
                "2026-13-22T10:15:30Z",
                "2026-02-29T10:15:30Z",
                "2026-11-22T10:60:30Z",
                "2026-11-22T10:15:3xZ",
                "2026-11-22 10:15:30Z",
                "٢٠٢٦-11-22T10:15:30Z"
            })
    void parse_whatIsNoTime_isRefused(String text) {
        assertThrows(DateTimeException.class, () -> Instant.parse(text));
        assertThrows(DateTimeException.class, () -> HeaderTime.parse(text));
    }
}
