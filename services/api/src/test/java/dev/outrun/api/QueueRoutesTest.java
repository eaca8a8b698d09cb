package dev.outrun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.work.Decision;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStackExtension.class)
final class QueueRoutesTest {

    @Test
    void queue_nobodyHasChanged_hasTheDefaultsAndItsCounts(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            stage.start();

            // When
            HttpResponse<String> shown = stage.get("/v1/queues/default");

            // Then
            assertEquals(200, shown.statusCode());
            assertEquals(
                    "{\"queue\":\"default\",\"mode\":\"active\",\"order\":\"fifo\",\"width\":1,"
                            + "\"run_topics\":\"each\",\"runs\":{\"queued\":1,\"retrying\":0,\"running\":0,\"suspended\":0}}",
                    shown.body());
            assertEquals("{\"queues\":[" + shown.body() + "]}", stage.get("/v1/queues").body());
        }
    }

    @Test
    void queue_changed_keepsToItFromThenOn(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // When
            String changed =
                    patch(
                                    stage,
                                    "mail",
                                    "{ \"concurrency\": 3, \"rate\": {\"limit\": 5, \"per_ms\": 100} }")
                            .body();
            String again = patch(stage, "mail", "{\"concurrency\":null}").body();

            // Then
            String rate = "\"rate\":{\"limit\":5,\"per_ms\":100}";
            String counts =
                    "\"run_topics\":\"each\","
                            + "\"runs\":{\"queued\":0,\"retrying\":0,\"running\":0,\"suspended\":0}";
            assertEquals(
                    "{\"queue\":\"mail\",\"mode\":\"active\",\"order\":\"fifo\",\"width\":1,"
                            + "\"concurrency\":3,"
                            + rate
                            + ","
                            + counts
                            + "}",
                    changed);
            assertEquals(changed.replace("\"concurrency\":3,", ""), again);
        }
    }

    @Test
    void queue_pausedDrainedAndResumed_saysSo(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            for (var call :
                    List.of(
                            List.of("pause", "paused"),
                            List.of("drain", "draining"),
                            List.of("resume", "active"))) {
                JsonNode queue =
                        ApiStage.json(stage.post("/v1/queues/mail/" + call.getFirst(), ""));
                assertEquals(call.getLast(), queue.get("mode").textValue());
            }
        }
    }

    @Test
    void queue_obliterated_hasNoOpenRuns(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId one = stage.start();
            RunId other = stage.start();

            // When
            String answer = stage.post("/v1/queues/default/obliterate", "").body();

            // Then
            assertEquals("{\"cancelled\":2}", answer);
            for (RunId run : List.of(one, other)) {
                assertEquals(RunStatus.CANCELLED, stage.ledger.run(run).orElseThrow().status());
            }
        }
    }

    @Test
    void queue_redriven_hasItsFailedRunsAgain(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            for (int i = 0; i < 3; i++) {
                RunId run = stage.start();
                stage.ledger.claim(run, 1, "worker");
                stage.ledger.fail(run, 1, "1", false);
                stage.ledger.record(new Decision.Fail(run.toString(), 1));
            }

            // When
            String two =
                    stage.post("/v1/queues/default/redrive", "{\"handler\":\"echo\",\"limit\":2}")
                            .body();
            String rest = stage.post("/v1/queues/default/redrive", null).body();

            // Then
            assertEquals("{\"redriven\":2}", two);
            assertEquals("{\"redriven\":1}", rest);
        }
    }

    private static HttpResponse<String> patch(ApiStage stage, String queue, String body)
            throws Exception {
        return stage.send(
                HttpRequest.newBuilder(stage.uri("/v1/queues/" + queue))
                        .header("Content-Type", "application/json")
                        .method("PATCH", BodyPublishers.ofString(body))
                        .build());
    }
}
