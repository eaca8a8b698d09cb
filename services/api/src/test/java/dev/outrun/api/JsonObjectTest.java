package dev.outrun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonObjectTest {

    private static final int DOCUMENTS = 2_000;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"a\" : 1 , \"b\":\n[ 1,\t{ } ]}",
                "0",
                "-1.50e+07",
                "\"\\u00e9 \u00e9 \\\" \uD83D\uDE00\"",
                "[ ]",
                "[\r\n 1 ,2\r\n]",
                "true",
                "null"
            })
    void value_ofAnyKind_isItsExactText(String json) {
        // Given
        String body = " { \"before\": 1, \"value\" :  " + json + "  , \"after\":[]} \n";

        // When
        JsonObject object = JsonObject.parse(body);

        // Then
        assertEquals(json, Objects.requireNonNull(object.value("value")).json());
    }

    @Test
    void value_ofRandomDocuments_isItsExactText() {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < DOCUMENTS; i++) {
            // Given
            String first = RandomJson.value(random, 4);
            String second = RandomJson.value(random, 4);
            String body =
                    "{\"x\":"
                            + RandomJson.space(random)
                            + first
                            + RandomJson.space(random)
                            + ",\"y\":"
                            + second
                            + RandomJson.space(random)
                            + "}";

            // When
            JsonObject object = JsonObject.parse(body);

            // Then
            assertEquals(first, Objects.requireNonNull(object.value("x")).json(), "seed " + seed);
            assertEquals(second, Objects.requireNonNull(object.value("y")).json(), "seed " + seed);
        }
    }

    @Test
    void value_longerThanAReadersBuffer_isItsExactText() {
        // Given
        String json = "[ \"" + "x\u00e9".repeat(50_000) + "\" , 1 ]";

        // When
        JsonObject object = JsonObject.parse("{\"value\":" + json + " ,\"z\":\"end\"}");

        // Then
        assertEquals(json, Objects.requireNonNull(object.value("value")).json());
        assertEquals("end", object.string("z"));
    }

    @Test
    void size_ofAnArray_countsItsOwnValues() {
        // Given
        String body = "{\"events\":[{\"a\":[1,2]},[3],4,\"5\"],\"none\":[]}";

        // When
        JsonObject object = JsonObject.parse(body);

        // Then
        assertEquals(4, Objects.requireNonNull(object.value("events")).size());
        assertEquals(0, Objects.requireNonNull(object.value("none")).size());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "[]",
                "1",
                "\"x\"",
                "{}{}",
                "{} x",
                "{\"a\":1,}",
                "{\"a\":01}",
                "{a:1}",
                "{\"a\":1,\"a\":2}",
                "{\"a\":{\"b\":1,\"b\":2}}",
                "{\"a\":\"\n\"}",
                "\uFEFF{}",
                "{\"a\":NaN}",
                "{\"a\":'x'}",
                "{\"a\":1 // x\n}",
                "",
                "{\"a\":\"\\x\"}",
                "nul"
            })
    void parse_whatIsNoJsonObject_isRefused(String body) {
        // When
        OutrunException refused = assertThrows(OutrunException.class, () -> JsonObject.parse(body));

        // Then
        assertEquals(ErrorCode.INVALID_JSON, refused.code());
    }

    @Test
    void parse_nestedTooDeep_isRefused() {
        // Given
        String deep = "[".repeat(JsonObject.DEPTH_MAX) + "]".repeat(JsonObject.DEPTH_MAX);

        // When
        OutrunException refused =
                assertThrows(OutrunException.class, () -> JsonObject.parse("{\"a\":" + deep + "}"));

        // Then
        assertEquals(ErrorCode.INVALID_JSON, refused.code());
    }

    @ParameterizedTest
    @ValueSource(strings = {"\\u0000", "\\ud800", "\\udc00\\ud800", "a\\ud83d"})
    void string_thatPostgresCannotHold_isRefused(String escaped) {
        // Given
        JsonObject object = JsonObject.parse("{\"a\":\"" + escaped + "\"}");

        // When
        OutrunException refused = assertThrows(OutrunException.class, () -> object.string("a"));

        // Then
        assertEquals(ErrorCode.INVALID_REQUEST, refused.code());
    }

    @Test
    void integer_outOfBoundsOrNoWholeNumber_isRefused() {
        for (String json :
                List.of("-1", "11", "1.0", "1e1", "\"1\"", "[]", "99999999999999999999")) {
            // Given
            JsonObject object = JsonObject.parse("{\"a\":" + json + "}");

            // When
            OutrunException refused =
                    assertThrows(OutrunException.class, () -> object.integer("a", 0, 10));

            // Then
            assertEquals(ErrorCode.INVALID_REQUEST, refused.code());
            assertTrue(String.valueOf(refused.getMessage()).contains("'a'"));
        }
    }
}
