package dev.outrun.schema.event;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Instant;
import org.junit.jupiter.api.Test;

final class PlatformEventTest {

    @Test
    void requested_withEverything_isReadWithoutItsInput() {
        // Given
        String data =
                "{\"handler\":\"echo\",\"queue\":\"q\",\"tenant\":\"t\","
                        + "\"run_at\":\"2026-01-02T03:04:05.000000Z\",\"retry\":{\"max_attempts\":1},\"input\":[1]}";

        // When
        PlatformEvent event = PlatformEvent.of(EventTypes.REQUESTED, data.getBytes(UTF_8));

        // Then
        assertEquals(
                new PlatformEvent.Requested(
                        "echo",
                        "q",
                        "t",
                        Instant.parse("2026-01-02T03:04:05Z"),
                        new RetryPolicy(1, RetryPolicy.Backoff.EXPONENTIAL, 500, 3_600_000)),
                event);
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
