package dev.outrun.schema.event;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.json.WireJson;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RetryPolicyTest {

    @ParameterizedTest
    @CsvSource({"1, 500", "2, 1000", "3, 2000", "13, 2048000", "14, 3600000", "1000, 3600000"})
    void delay_exponential_doublesUpToItsMost(int failures, long delayMs) {
        // When
        Duration delay = RetryPolicy.DEFAULT.delayAfter(failures);

        // Then
        assertEquals(Duration.ofMillis(delayMs), delay);
    }

    @Test
    void json_withSomeFields_takesTheOthersFromTheDefault() {
        // When
        RetryPolicy policy = read("{\"backoff\":\"fixed\",\"delay_ms\":7}");

        // Then
        assertEquals(new RetryPolicy(3, RetryPolicy.Backoff.FIXED, 7, 3_600_000), policy);
        assertEquals(Duration.ofMillis(7), policy.delayAfter(9));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"max_attempts\":0}",
                "{\"max_attempts\":1001}",
                "{\"delay_ms\":-1}",
                "{\"max_delay_ms\":86400001}",
                "{\"backoff\":\"never\"}",
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
