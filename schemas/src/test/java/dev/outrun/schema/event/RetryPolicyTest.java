package dev.outrun.schema.event;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.json.WireJson;
import java.time.Duration;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RetryPolicyTest {

    @ParameterizedTest
    @CsvSource({"1, 500", "2, 1000", "3, 2000", "13, 2048000", "14, 3600000", "1000, 3600000"})
    void delay_exponential_doublesUpToItsMost(int failures, long delayMs) {
        // When
        Duration delay = RetryPolicy.DEFAULT.delayAfter(failures, 7);

        // Then
        assertEquals(Duration.ofMillis(delayMs), delay);
    }

    @Test
    void json_withSomeFields_takesTheOthersFromTheDefault() {
        // When
        RetryPolicy policy = read("{\"backoff\":\"fixed\",\"delay_ms\":7}");

        // Then
        assertEquals(
                RetryPolicy.of(3, RetryPolicy.Backoff.FIXED, 7L, 3_600_000L, null, null, null),
                policy);
        assertEquals(Duration.ofMillis(7), policy.delayAfter(9, 1));
    }

    @Test
    void delays_ofEachFailure_areTakenInTurnAndTheLastForever() {
        // When
        RetryPolicy policy = read("{\"delays_ms\":[5,50,7000000],\"max_delay_ms\":3600000}");

        // Then
        assertEquals(
                List.of(5L, 50L, 3_600_000L, 3_600_000L),
                IntStream.rangeClosed(1, 4)
                        .mapToObj(failures -> policy.delayAfter(failures, 1).toMillis())
                        .toList());
    }

    @Test
    void jitter_takesUpToItsPartOfADelay_theSameForTheSameSeed() {
        // Given
        RetryPolicy policy = read("{\"backoff\":\"fixed\",\"delay_ms\":1000,\"jitter\":0.5}");

        // When
        LongSummaryStatistics delays =
                LongStream.range(0, 1_000)
                        .map(seed -> policy.delayAfter(1, seed).toMillis())
                        .summaryStatistics();

        // Then
        assertTrue(delays.getMin() >= 500 && delays.getMin() < 510, delays.toString());
        assertTrue(delays.getMax() <= 1_000 && delays.getMax() > 990, delays.toString());
        assertEquals(750, delays.getAverage(), 20);
        assertEquals(policy.delayAfter(3, 9), policy.delayAfter(3, 9));
        assertNotEquals(policy.delayAfter(3, 9), policy.delayAfter(4, 9));
    }

    @ParameterizedTest
    @CsvSource({"1, , true", "2, oops, true", "3, oops, false", "1, bad_input, false"})
    void another_isAllowedUpToTheMostAndNotAfterSomeErrors(
            int failures, @Nullable String code, boolean allowed) {
        RetryPolicy policy = read("{\"non_retryable\":[\"bad_input\"]}");
        assertEquals(allowed, policy.allowsAnother(failures, code));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"max_attempts\":0}",
                "{\"max_attempts\":1001}",
                "{\"delay_ms\":-1}",
                "{\"max_delay_ms\":86400001}",
                "{\"backoff\":\"never\"}",
                "{\"delays_ms\":[-1]}",
                "{\"jitter\":1.1}",
                "{\"jitter\":\"NaN\"}",
                "[]"
            })
    void json_outOfBounds_isRefused(String json) {
        // When
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> read(json));

        // Then
        assertTrue(refusal.toString().contains("RetryPolicy"), refusal.toString());
    }

    private static RetryPolicy read(String json) {
        return WireJson.read(json.getBytes(UTF_8), RetryPolicy.class);
    }
}
