package dev.outrun.schema.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RawJsonTest {

    @Test
    void parts_areAsTheyStand() {
        assertEquals(
                Map.of(
                        "a", "1.50",
                        "b", "{ \"x\":  [1 , 2] }",
                        "c", "\"\\u20ac } ]\"",
                        "d", "null"),
                RawJson.fields(
                        " {\"a\": 1.50 ,\"b\":{ \"x\":  [1 , 2] },\n\"c\":\"\\u20ac } ]\",\"d\":null}"));
        assertEquals(
                List.of("1e5", "[ ]", "\"😀\"", "true", "{\"a\" : 1}"),
                RawJson.elements("[1e5 , [ ],\"😀\",true\n,{\"a\" : 1} ]"));
        assertEquals(Map.of(), RawJson.fields("{}"));
        assertEquals(List.of(), RawJson.elements("[]"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[", "{\"a\":", "{\"a\"", "1", "null", "{]", "nonsense"})
    void whatIsNeither_isRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> RawJson.fields(text));
        assertThrows(IllegalArgumentException.class, () -> RawJson.elements(text));
    }
}
