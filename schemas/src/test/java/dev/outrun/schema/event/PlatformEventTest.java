package dev.outrun.schema.event;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PlatformEventTest {

    @Test
    void requested_withEverything_isReadWithoutItsInput() {
        // Given
        String data =
                "{\"handler\":\"echo\",\"queue\":\"q\",\"tenant\":\"t\","
                        + "\"run_at\":\"2026-01-02T03:04:05.000000Z\",\"retry\":{\"max_attempts\":1},"
                        + "\"priority\":-5,\"concurrency_key\":\"k\",\"wait_for\":\"all\",\"timeout_ms\":60000,"
                        + "\"attempt_timeout_ms\":1000,\"input\":[1]}";

        // When
        PlatformEvent event = PlatformEvent.of(EventTypes.REQUESTED, data.getBytes(UTF_8));

        // Then
        assertEquals(
                new PlatformEvent.Requested(
                        "echo",
                        "q",
                        "t",
                        Instant.parse("2026-01-02T03:04:05Z"),
                        RetryPolicy.of(1, null, null, null, null, null, null),
                        -5,
                        "k",
                        "all",
                        60_000L,
                        1_000L),
                event);
    }

    @Test
    void requested_withInputOfAnyShape_isRead() {
        // Given
        String deep = "[".repeat(5_000) + "]".repeat(5_000);
        String data =
                "{\"handler\":\"echo\",\"queue\":\"q\",\"tenant\":\"t\",\"input\":{\"deep\":"
                        + deep
                        + ",\"long\":"
                        + "9".repeat(100_000)
                        + ",\""
                        + "n".repeat(100_000)
                        + "\":1}}";

        // When
        PlatformEvent event = PlatformEvent.of(EventTypes.REQUESTED, data.getBytes(UTF_8));

        // Then
        assertEquals(
                new PlatformEvent.Requested(
                        "echo", "q", "t", null, null, 0, null, null, null, null),
                event);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            nullValues = "-",
            value = {
                "{\"error\":{\"code\":\"attempt_lost\",\"message\":\"m\"},\"retryable\":true}|true|attempt_lost|true",
                "{\"retryable\":true,\"error\":{\"a\":{\"code\":1},\"code\":\"worker_stopped\"}}|true|worker_stopped|true",
                "{\"error\":{\"code\":\"timeout\"},\"retryable\":false}|false|timeout|false",
                "{\"error\":{\"code\":{\"code\":\"attempt_lost\"}},\"retryable\":true}|true|-|false",
                "{\"error\":\"attempt_lost\",\"retryable\":true}|true|-|false",
                "{\"error\":[{\"code\":\"attempt_lost\"}],\"retryable\":true}|true|-|false",
                "{\"error\":null,\"retryable\":{\"retryable\":true}}|false|-|false"
            })
    void attemptFailed_withErrorOfAnyJson_isRead(
            String data, boolean retryable, @Nullable String errorCode, boolean handedBack) {
        // When
        PlatformEvent event = PlatformEvent.of(EventTypes.ATTEMPT_FAILED, data.getBytes(UTF_8));

        // Then
        var expected = new PlatformEvent.AttemptFailed(retryable, errorCode);
        assertEquals(expected, event);
        assertEquals(handedBack, expected.isHandedBack());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "run.requested|{}",
                "run.requested|null",
                "run.requested|{\"queue\":\"q\",\"tenant\":\"t\"}",
                "run.attempt.started|{}",
                "run.attempt.failed|null",
                "run.attempt.failed|{\"error\":{\"code\":",
                "run.retry.scheduled|{\"attempt\":1}"
            })
    void platformEvent_withoutWhatItsTypeNeeds_isRefused(String type, String data) {
        // When / Then
        assertThrows(
                IllegalArgumentException.class, () -> PlatformEvent.of(type, data.getBytes(UTF_8)));
    }

    @Test
    void usersEvent_ofAnyData_isNotLookedAt() {
        // When
        PlatformEvent event = PlatformEvent.of("token.delta", "not json".getBytes(UTF_8));

        // Then
        assertNull(event);
    }

    @Test
    void platformEvent_withBrokenData_isRefused() {
        // When / Then
        assertThrows(
                IllegalArgumentException.class,
                () -> PlatformEvent.of(EventTypes.RETRY_SCHEDULED, "{\"at\":".getBytes(UTF_8)));
    }
}
