package dev.outrun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.schema.run.RunId;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStackExtension.class)
class EventPageTest {

    @Test
    void page_fromAnySeqWithAnyLimit_isThatStretch(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            stage.append(run, "1");
            stage.append(run, "2");
            stage.finish(run);
            for (int from = 0; from <= 7; from++) {
                for (int limit = 1; limit <= 6; limit++) {
                    // When
                    JsonNode page = page(stage, run, "?from=" + from + "&limit=" + limit);

                    // Then
                    int to = Math.max(from, Math.min(5, from + limit));
                    assertEquals(IntStream.range(from, to).boxed().toList(), seqs(page));
                    assertEquals(to, page.get("next").intValue());
                    assertEquals(to >= 5, page.get("closed").booleanValue());
                }
            }
        }
    }

    @Test
    void page_ofAnOpenRun_isNotClosed(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();

            // When
            JsonNode page = page(stage, run, "?from=9223372036854775806");

            // Then
            assertEquals(List.of(), seqs(page));
            assertEquals(9223372036854775806L, page.get("next").longValue());
            assertFalse(page.get("closed").booleanValue());
        }
    }

    @Test
    void append_ofOneAndOfMany_keepsTheDataByteForByte(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            String odd =
                    "{\r\n \"a\" : [ ],\t\"\u20ac\": \"\\u00e9\\/\uD83D\uDE00\" , \"n\":1.0E+2 }";
            String path = "/v1/runs/" + run + "/events";

            // When
            HttpResponse<String> one =
                    stage.post(path, "{ \"data\" :  " + odd + " , \"type\":\"my.event\"}");
            HttpResponse<String> two =
                    stage.post(
                            path,
                            "{\"attempt\":0,\"events\": [ {\"type\":\"a\"} ,{\"type\":\"b\",\"data\": "
                                    + odd
                                    + "\n} ]}");

            // Then
            assertEquals(201, one.statusCode());
            assertEquals("{\"first\":1,\"next\":2}", sorted(one));
            assertEquals("{\"first\":2,\"next\":4}", sorted(two));
            String body = stage.get(path).body();
            assertEquals(
                    3,
                    body.split(java.util.regex.Pattern.quote("\"data\":" + odd + "}"), -1).length);
            JsonNode page = ApiStage.json(stage.get(path));
            assertEquals("my.event", page.get("events").get(1).get("type").textValue());
            assertTrue(page.get("events").get(2).get("data").isNull());
        }
    }

    @Test
    void page_ofALongLog_isWhole(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            String one = "{\"type\":\"t\",\"data\":\"" + "x".repeat(500) + "\"}";
            stage.ledger.append(
                    run,
                    null,
                    "[" + String.join(",", java.util.Collections.nCopies(3_000, one)) + "]");

            // When
            JsonNode whole = page(stage, run, "?limit=100000");
            JsonNode usual = page(stage, run, "");

            // Then
            assertEquals(IntStream.range(0, 3_001).boxed().toList(), seqs(whole));
            assertEquals(IntStream.range(0, 1_000).boxed().toList(), seqs(usual));
        }
    }

    private static JsonNode page(ApiStage stage, RunId run, String query) throws Exception {
        HttpResponse<String> response = stage.get("/v1/runs/" + run + "/events" + query);
        assertEquals(200, response.statusCode());
        return ApiStage.json(response);
    }

    private static List<Integer> seqs(JsonNode page) {
        return StreamSupport.stream(page.get("events").spliterator(), false)
                .map(event -> event.get("seq").intValue())
                .toList();
    }

    private static String sorted(HttpResponse<String> response) throws Exception {
        JsonNode json = ApiStage.json(response);
        return "{\"first\":" + json.get("first") + ",\"next\":" + json.get("next") + "}";
    }
}
