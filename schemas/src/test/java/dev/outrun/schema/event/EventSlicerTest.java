package dev.outrun.schema.event;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class EventSlicerTest {

    @Test
    void append_withOddSpacing_keepsEachDataByteForByte() {
        // Given
        String append =
                " [ {\"type\" : \"token.delta\", \"data\" :  { \"n\": 1.00,\n\t\"t\":\"a\\\"]}é\\u0041\" } }\n,"
                        + "{\"data\":[1,[2,{}],\"]\"],\"type\":\"b:/-_.9\"} ] ";
        EventSlicer slicer = new EventSlicer(append.getBytes(UTF_8));

        // When
        List<String> events = readAll(slicer);

        // Then
        assertEquals(
                List.of(
                        "token.delta={ \"n\": 1.00,\n\t\"t\":\"a\\\"]}é\\u0041\" }",
                        "b:/-_.9=[1,[2,{}],\"]\"]"),
                events);
    }

    @Test
    void event_withoutData_hasNull() {
        // Given
        EventSlicer slicer = new EventSlicer("[{\"type\":\"x\"}]".getBytes(UTF_8));

        // When
        boolean found = slicer.next();

        // Then
        assertTrue(found);
        assertArrayEquals("null".getBytes(UTF_8), slicer.data());
        assertFalse(slicer.next());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{}",
                "null",
                "[",
                "[}",
                "[1]",
                "[{}]",
                "[{\"data\":1}]",
                "[{\"type\":1}]",
                "[{\"type\":\"\"}]",
                "[{\"type\":\"a b\"}]",
                "[{\"type\":\"a\\n\"}]",
                "[{\"type\":\"x\",\"payload\":1}]",
                "[{\"type\":\"x\"},]",
                "[{\"type\":\"x\"}{\"type\":\"y\"}]",
                "[{\"type\":\"x\",}]",
                "[{\"type\":\"x\",\"data\":}]",
                "[{\"type\":\"x\",\"data\":\"open}]",
                "[{\"type\":\"x\",\"data\":\"\\",
                "[{\"type\":\"x\",\"data\":{]",
                "[{\"type\":\"x\"}] []"
            })
    void append_ofAnotherShape_isRefused(String append) {
        // When
        IllegalArgumentException refusal =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> readAll(new EventSlicer(append.getBytes(UTF_8))));

        // Then
        assertTrue(refusal.toString().contains("byte"), refusal.toString());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void append_ofAnyData_isCutWhereItWasJoined(long seed) {
        // Given
        RandomGenerator random = new SplittableRandom(seed);
        List<String> wanted = new ArrayList<>();
        StringBuilder append = new StringBuilder("[");
        for (int i = 0; i < 200; i++) {
            String data = json(random, 4);
            String type = "t" + random.nextInt(1000);
            wanted.add(type + "=" + data);
            append.append(i == 0 ? "" : ",")
                    .append(space(random))
                    .append("{\"type\":\"")
                    .append(type)
                    .append("\",")
                    .append(space(random))
                    .append("\"data\":")
                    .append(space(random))
                    .append(data)
                    .append(space(random))
                    .append('}');
        }
        append.append(']');

        // When
        List<String> events = readAll(new EventSlicer(append.toString().getBytes(UTF_8)));

        // Then
        assertEquals(wanted, events, "seed " + seed);
    }

    private static List<String> readAll(EventSlicer slicer) {
        List<String> events = new ArrayList<>();
        while (slicer.next()) {
            events.add(slicer.type() + "=" + new String(slicer.data(), UTF_8));
        }
        return events;
    }

    private static String json(RandomGenerator random, int depth) {
        return switch (random.nextInt(depth == 0 ? 5 : 7)) {
            case 0 -> "null";
            case 1 -> "true";
            case 2 -> Double.toString(random.nextGaussian());
            case 3 -> "-" + random.nextInt(99) + "e+5";
            case 4 -> "\"" + text(random) + "\"";
            case 5 -> "[" + joined(random, depth, "") + "]";
            default -> "{" + joined(random, depth, "\"k{\\\"" + text(random) + "\":") + "}";
        };
    }

    private static String joined(RandomGenerator random, int depth, String prefix) {
        List<String> parts = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            parts.add(prefix + space(random) + json(random, depth - 1));
        }
        return String.join(space(random) + ",", parts);
    }

    private static String text(RandomGenerator random) {
        String[] pieces = {
            "a", "\\\\", "\\\"", "}", "]", "{", ",", ":", "é", "日", "\\u005c", " ", "\\n"
        };
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(6); i > 0; i--) {
            text.append(pieces[random.nextInt(pieces.length)]);
        }
        return text.toString();
    }

    private static String space(RandomGenerator random) {
        return new String[] {"", "", " ", "\n", "\t "}[random.nextInt(5)];
    }
}
