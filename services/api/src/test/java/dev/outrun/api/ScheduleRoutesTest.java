package dev.outrun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStackExtension.class)
final class ScheduleRoutesTest {

    private static final String RUN = "{ \"handler\":\"echo\", \"input\": {\"n\": 1.0} }";
    private static final String DAILY =
            "{\"cron\":\"30 9 * * *\",\"time_zone\":\"Europe/Berlin\","
                    + "\"starts_at\":\"2100-06-01T00:00:00Z\",\"run\":"
                    + RUN
                    + "}";

    @Test
    void schedule_put_isShownWithItsNextTimes(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // When
            HttpResponse<String> put = put(stage, "report", DAILY);

            // Then
            assertEquals(200, put.statusCode(), put.body());
            JsonNode schedule = ApiStage.json(put);
            assertEquals("30 9 * * *", schedule.get("cron").textValue());
            assertEquals("one", schedule.get("catch_up").textValue());
            assertTrue(schedule.get("every_ms").isNull());
            assertEquals(
                    "[\"2100-06-01T07:30:00Z\",\"2100-06-02T07:30:00Z\",\"2100-06-03T07:30:00Z\","
                            + "\"2100-06-04T07:30:00Z\",\"2100-06-05T07:30:00Z\"]",
                    schedule.get("next").toString());
            assertEquals(put.body(), stage.get("/v1/schedules/report").body());
            assertEquals(put.body(), put(stage, "report", DAILY).body());
        }
    }

    @Test
    void schedule_pausedResumedAndTriggered_saysSo(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            put(stage, "report", DAILY);

            // When
            JsonNode paused = ApiStage.json(stage.post("/v1/schedules/report/pause", null));
            HttpResponse<String> triggered = stage.post("/v1/schedules/report/trigger", null);
            JsonNode resumed = ApiStage.json(stage.post("/v1/schedules/report/resume", null));

            // Then
            assertTrue(paused.get("paused").booleanValue());
            assertEquals("[]", paused.get("next").toString());
            assertEquals(201, triggered.statusCode());
            JsonNode run = ApiStage.json(triggered);
            assertEquals("report", run.get("schedule").textValue());
            assertTrue(run.get("scheduled_at").isNull());
            assertEquals(
                    "/v1/runs/" + run.get("id").textValue(),
                    triggered.headers().firstValue("location").orElseThrow());
            assertEquals(5, resumed.get("next").size());
            JsonNode runs = ApiStage.json(stage.get("/v1/runs?schedule=report")).get("runs");
            assertEquals(List.of(run.get("id")), List.of(runs.get(0).get("id")));
            assertEquals(0, ApiStage.json(stage.get("/v1/runs?schedule=x")).get("runs").size());
        }
    }

    @Test
    void schedules_areListedAPageAtATime(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            for (String name : List.of("b", "c", "a")) {
                put(stage, name, DAILY);
            }

            // When
            JsonNode first = ApiStage.json(stage.get("/v1/schedules?limit=2"));
            JsonNode second =
                    ApiStage.json(
                            stage.get(
                                    "/v1/schedules?limit=2&cursor="
                                            + first.get("next").textValue()));

            // Then
            assertEquals(List.of("a", "b"), first.get("schedules").findValuesAsText("schedule"));
            assertEquals(List.of("c"), second.get("schedules").findValuesAsText("schedule"));
            assertTrue(second.get("next").isNull());
            assertEquals(
                    "[\"2100-06-01T07:30:00Z\"]",
                    first.get("schedules").get(0).get("next").toString());
        }
    }

    @Test
    void schedule_deleted_isGone(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            put(stage, "report", DAILY);
            var delete = HttpRequest.newBuilder(stage.uri("/v1/schedules/report")).DELETE().build();

            // When, Then
            assertEquals(204, stage.send(delete).statusCode());
            HttpResponse<String> again = stage.send(delete);
            assertEquals(404, again.statusCode());
            assertEquals("unknown_schedule", ApiStage.json(again).get("code").textValue());
            assertEquals(404, stage.get("/v1/schedules/report").statusCode());
        }
    }

    private static HttpResponse<String> put(ApiStage stage, String name, String body)
            throws Exception {
        return stage.send(
                HttpRequest.newBuilder(stage.uri("/v1/schedules/" + name))
                        .header("Content-Type", "application/json")
                        .PUT(BodyPublishers.ofString(body))
                        .build());
    }
}
