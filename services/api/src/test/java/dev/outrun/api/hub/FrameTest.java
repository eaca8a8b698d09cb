package dev.outrun.api.hub;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.api.RandomJson;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameTest {

    private static final RunId RUN = new RunId(new UUID(0x7000L, 0x8000_0000_0000_0001L));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1",
                "{\n  \"a\": 1\n}",
                "\n1",
                "[\n\n\n]",
                "{\"a\":\"data: x\"}",
                "\"\u20ac\""
            })
    void frame_read_givesBackTheEnvelope(String data) {
        // Given
        Event event = event("token.delta", data);

        // When
        List<SseText.Message> read = SseText.parse(text(Frame.of(event)));

        // Then
        String envelope = new String(event.envelope(), UTF_8);
        assertEquals(List.of(new SseText.Message("7", "token.delta", envelope)), read);
    }

    @Test
    void frame_ofRandomData_givesBackTheEnvelope() {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 1_000; i++) {
            // Given
            Event event = event("x", RandomJson.value(random, 4));

            // When
            List<SseText.Message> read = SseText.parse(text(Frame.of(event)));

            // Then
            String envelope = new String(event.envelope(), UTF_8).replaceAll("\r\n|\r", "\n");
            assertEquals(envelope, read.getFirst().data(), "seed " + seed);
            assertEquals(1, read.size(), "seed " + seed);
        }
    }

    @Test
    void frame_ofATerminalEvent_isTheLast() {
        // When
        Frame last = Frame.of(event(EventTypes.FAILED, "{}"));
        Frame another = Frame.of(event("failed", "{}"));

        // Then
        assertTrue(last.last());
        assertFalse(another.last());
    }

    private static Event event(String type, String data) {
        return new Event(
                RUN,
                7,
                type,
                1,
                Instant.parse("2026-01-31T12:00:00.000001Z"),
                data.getBytes(UTF_8));
    }

    private static String text(Frame frame) {
        return new String(frame.bytes(), UTF_8);
    }
}
