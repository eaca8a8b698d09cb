package dev.outrun.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventSlicer;
import dev.outrun.schema.run.RunId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StreamTypeTest {

    private static final StreamType TEXT = new StreamType("text/plain");
    private static final StreamType BINARY = new StreamType("image/png");

    @Test
    void json_isSplitOnce_andKeptByteForByte() {
        assertEquals(
                List.of("message { \"a\" : 1.0E+2 }"),
                events(StreamType.JSON, " { \"a\" : 1.0E+2 }\n"));
        assertEquals(
                List.of("message 1", "message [2,\n3]", "message \"\u20ac\""),
                events(StreamType.JSON, "[1 , [2,\n3],\"\u20ac\" ]"));
        assertEquals(List.of("message 42"), events(StreamType.JSON, "42 "));
        assertEquals(List.of("message null"), events(StreamType.JSON, "null"));
        assertEquals(List.of(), events(StreamType.JSON, " [ ] "));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {" ", "{", "[1", "[1,]", "1 2", "[1] 2", "nul", "\"", "{\"a\":1,\"a\":2}"})
    void json_thatIsNone_isRefused(String body) {
        // When
        OutrunException refusal =
                assertThrows(
                        OutrunException.class, () -> StreamType.JSON.events(body.getBytes(UTF_8)));

        // Then
        assertEquals(ErrorCode.INVALID_JSON, refusal.code());
    }

    @Test
    void text_isKeptAsText_unlessPostgresHasNone() {
        assertEquals(List.of("message.text \"a\\n\u20ac\\\"\""), events(TEXT, "a\n\u20ac\""));
        assertEquals(List.of("message.bytes \"YQBi\""), events(TEXT, "a\0b"));
        assertEquals(List.of("message.bytes \"/w==\""), events(TEXT, new byte[] {(byte) 0xFF}));
        assertEquals(List.of("message.bytes \"YQ==\""), events(BINARY, "a"));
        assertNull(TEXT.events(new byte[0]));
    }

    @Test
    void bodies_ofAnySize_areTheirMessagesTogether() {
        // Given
        Random random = new Random(1);
        byte[] bytes = new byte[3 * 512 * 1024 + 7];
        random.nextBytes(bytes);
        StringBuilder text = new StringBuilder("x");
        while (text.length() < 300_000) {
            text.append("\uD83D\uDE00\u0001");
        }

        // When / Then
        assertWhole(BINARY, bytes, 4);
        assertWhole(TEXT, text.toString().getBytes(UTF_8), 3);
    }

    private static void assertWhole(StreamType type, byte[] body, int parts) {
        List<byte[]> messages = new ArrayList<>();
        EventSlicer slicer = new EventSlicer(json(type, body));
        while (slicer.next()) {
            assertTrue(slicer.data().length <= 1 << 20, slicer.data().length + " bytes");
            messages.add(message(type, slicer.type(), slicer.data()));
        }
        assertEquals(parts, messages.size());
        assertArrayEquals(body, type.join(messages));
    }

    @Test
    void messages_ofJson_areAnArray() {
        assertEquals("[]", new String(StreamType.JSON.join(List.of()), UTF_8));
        assertEquals(
                "[1,{}]",
                new String(
                        new StreamType("Application/JSON; charset=utf-8")
                                .join(List.of("1".getBytes(UTF_8), "{}".getBytes(UTF_8))),
                        UTF_8));
    }

    @Test
    void events_ofOthers_areNoMessages() {
        assertNull(TEXT.message(event("run.completed", "{}")));
        assertNull(TEXT.message(event("message.text", "7.5.3")));
        assertNull(TEXT.message(event("message.bytes", "\"no base64\"")));
        assertEquals("{}", new String(message(TEXT, "message", "{}".getBytes(UTF_8)), UTF_8));
        assertEquals(
                "\"a\"",
                new String(
                        message(StreamType.JSON, "message.text", "\"a\"".getBytes(UTF_8)), UTF_8));
    }

    private static byte[] message(StreamType type, String eventType, byte[] data) {
        return Objects.requireNonNull(type.message(event(eventType, new String(data, UTF_8))));
    }

    private static Event event(String type, String data) {
        RunId run = new RunId(new UUID(0, 0));
        return new Event(run, 1, type, 0, Instant.EPOCH, data.getBytes(UTF_8));
    }

    private static List<String> events(StreamType type, String body) {
        return events(type, body.getBytes(UTF_8));
    }

    private static List<String> events(StreamType type, byte[] body) {
        List<String> events = new ArrayList<>();
        if (type.events(body) != null) {
            EventSlicer slicer = new EventSlicer(json(type, body));
            while (slicer.next()) {
                events.add(slicer.type() + " " + new String(slicer.data(), UTF_8));
            }
        }
        return events;
    }

    private static byte[] json(StreamType type, byte[] body) {
        return Objects.requireNonNull(type.events(body)).getBytes(UTF_8);
    }
}
