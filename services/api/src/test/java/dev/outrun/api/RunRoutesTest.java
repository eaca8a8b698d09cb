package dev.outrun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.ledger.Wake;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.work.Decision;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStackExtension.class)
class RunRoutesTest {

    @Test
    void start_thenShow_isTheRunWithItsInputByteForByte(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            String input = "{ \"a\" : [1.0,\t\"\u20ac\\u00e9\"] }";

            // When
            HttpResponse<String> started =
                    stage.post("/v1/runs", "{\"input\":" + input + " ,\"handler\":\"echo\"}");

            // Then
            assertEquals(201, started.statusCode());
            JsonNode run = ApiStage.json(started);
            String id = run.get("id").textValue();
            assertEquals("/v1/runs/" + id, started.headers().firstValue("Location").orElseThrow());
            assertEquals("queued", run.get("status").textValue());
            assertEquals("echo", run.get("handler").textValue());
            assertEquals("default", run.get("queue").textValue());
            assertEquals("default", run.get("tenant").textValue());
            assertEquals(1, run.get("next_seq").longValue());
            assertEquals(0, run.get("attempt").intValue());
            assertTrue(run.get("output").isNull());
            assertTrue(run.get("finished_at").isNull());
            assertTrue(started.body().contains("\"input\":" + input));
            assertEquals(started.body(), stage.get("/v1/runs/" + id).body());
        }
    }

    @Test
    void signal_toASuspendedRun_goesOnWithIt(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            stage.ledger.claim(run, 1, "worker");
            stage.ledger.suspend(run, 1, Wake.on("approval"), null);

            // When
            HttpResponse<String> signalled =
                    stage.post("/v1/runs/" + run + "/signals/approval", "{ \"by\": \"me\" }");
            HttpResponse<String> withoutData =
                    stage.post("/v1/runs/" + run + "/signals/other", null);

            // Then
            assertEquals("{\"seq\":3}", signalled.body());
            assertEquals("{\"seq\":5}", withoutData.body());
            assertEquals(RunStatus.QUEUED, stage.ledger.run(run).orElseThrow().status());
        }
    }

    @Test
    void resume_ofASuspendedRun_letsItGoOn(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            stage.ledger.claim(run, 1, "worker");
            stage.ledger.suspend(run, 1, Wake.on("approval"), null);
            assertEquals(
                    "suspended",
                    ApiStage.json(stage.get("/v1/runs/" + run)).get("status").textValue());

            // When
            JsonNode resumed = ApiStage.json(stage.post("/v1/runs/" + run + "/resume", null));

            // Then
            assertEquals("queued", resumed.get("status").textValue());
        }
    }

    @Test
    void fork_atAnEvent_isARunOfItsOwn(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            stage.append(run, "1");

            // When
            HttpResponse<String> forked = stage.post("/v1/runs/" + run + "/fork", "{\"at\":2}");

            // Then
            assertEquals(201, forked.statusCode());
            JsonNode fork = ApiStage.json(forked);
            assertEquals(run.toString(), fork.get("forked").get("from").textValue());
            assertEquals(2, fork.get("forked").get("at").longValue());
            assertEquals(3, fork.get("next_seq").longValue());
            assertEquals(400, stage.post("/v1/runs/" + run + "/fork", "{\"at\":3}").statusCode());
            assertEquals(2, stage.minted.get(), "the id of what was refused is used again");
        }
    }

    @Test
    void redrive_ofAFailedRun_isTheSameRunHoweverOften(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            stage.ledger.claim(run, 1, "worker");
            stage.ledger.fail(run, 1, "1", false);
            stage.ledger.record(new Decision.Fail(run.toString(), 1));

            // When
            HttpResponse<String> first = stage.post("/v1/runs/" + run + "/redrive", null);
            HttpResponse<String> second = stage.post("/v1/runs/" + run + "/redrive", null);

            // Then
            assertEquals(List.of(201, 200), List.of(first.statusCode(), second.statusCode()));
            assertEquals(first.body(), second.body());
            assertEquals(
                    "{\"redriven\":0}",
                    stage.post("/v1/queues/default/redrive", "{\"since\":\"2026-01-01T00:00:00Z\"}")
                            .body());
        }
    }

    @Test
    void flow_started_isATreeToBeListed(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // When
            HttpResponse<String> started =
                    stage.post(
                            "/v1/flows",
                            "{\"handler\":\"echo\",\"children\":[{\"handler\":\"echo\"},{\"handler\":\"echo\"}]}");

            // Then
            assertEquals(201, started.statusCode());
            JsonNode root = ApiStage.json(started);
            assertEquals("suspended", root.get("status").textValue());
            assertEquals(2, root.get("children").intValue());
            JsonNode children =
                    ApiStage.json(stage.get("/v1/runs?parent=" + root.get("id").textValue()))
                            .get("runs");
            assertEquals(2, children.size());
            for (JsonNode child : children) {
                assertEquals(root.get("id"), child.get("parent"));
            }
        }
    }

    @Test
    void start_ofAChild_isTheParents(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId parent = stage.start();

            // When
            HttpResponse<String> started =
                    stage.post(
                            "/v1/runs",
                            "{\"handler\":\"echo\",\"on_failure\":\"fail_parent\",\"parent\":\""
                                    + parent
                                    + "\"}");

            // Then
            assertEquals(parent.toString(), ApiStage.json(started).get("parent").textValue());
        }
    }

    @Test
    void start_withAKeyUsedBefore_isTheEarlierRunAndCostsNoId(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            String body = "{\"handler\":\"echo\",\"idempotency_key\":\"k\"}";
            String first = ApiStage.json(stage.post("/v1/runs", body)).get("id").textValue();

            // When
            HttpResponse<String> again =
                    stage.send(
                            HttpRequest.newBuilder(stage.uri("/v1/runs"))
                                    .header("Content-Type", "application/json; charset=utf-8")
                                    .header("Idempotency-Key", "k")
                                    .POST(
                                            HttpRequest.BodyPublishers.ofString(
                                                    "{\"handler\":\"chat-demo\"}"))
                                    .build());
            stage.post("/v1/runs", "{\"handler\":\"no-such\"}");
            stage.post("/v1/runs", "{\"handler\":\"echo\"}");

            // Then
            assertEquals(200, again.statusCode());
            assertEquals(first, ApiStage.json(again).get("id").textValue());
            assertEquals("echo", ApiStage.json(again).get("handler").textValue());
            assertEquals(2, stage.minted.get());
        }
    }

    @Test
    void start_whereThereAreTooManyRuns_isRefusedAndWritesNothing(TestStack stack)
            throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            String known = "{\"handler\":\"echo\",\"idempotency_key\":\"known\"}";
            String first = ApiStage.json(stage.post("/v1/runs", known)).get("id").textValue();
            stage.full = true;

            // When
            HttpResponse<String> refused = stage.post("/v1/runs", "{\"handler\":\"echo\"}");
            HttpResponse<String> withANewKey =
                    stage.post("/v1/runs", known.replace("known", "new"));
            HttpResponse<String> again = stage.post("/v1/runs", known);
            HttpResponse<String> other =
                    stage.post("/v1/runs/" + first + "/events", "{\"type\":\"note\"}");

            // Then
            assertEquals(503, refused.statusCode());
            assertEquals("too_many_runs", ApiStage.json(refused).get("code").textValue());
            assertEquals(
                    "application/problem+json",
                    refused.headers().firstValue("Content-Type").orElseThrow());
            assertEquals("30", refused.headers().firstValue("Retry-After").orElseThrow());
            assertEquals(503, withANewKey.statusCode());
            assertEquals(200, again.statusCode());
            assertEquals(first, ApiStage.json(again).get("id").textValue());
            assertEquals(201, other.statusCode());
            assertEquals(1, ApiStage.json(stage.get("/v1/runs")).get("runs").size());

            // When
            stage.full = false;

            // Then
            assertEquals(201, stage.post("/v1/runs", "{\"handler\":\"echo\"}").statusCode());
        }
    }

    @Test
    void reapedRun_saysWhenItsTopicWasDeleted(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            stage.finish(run);
            JsonNode before = ApiStage.json(stage.get("/v1/runs/" + run));

            // When
            stage.ledger.reap(run);

            // Then
            assertTrue(before.get("topic_deleted_at").isNull());
            assertEquals(
                    String.valueOf(stage.ledger.run(run).orElseThrow().topicDeletedAt()),
                    ApiStage.json(stage.get("/v1/runs/" + run))
                            .get("topic_deleted_at")
                            .textValue());
        }
    }

    @Test
    void list_pageByPage_givesEveryRunOnceNewestFirst(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            List<String> started = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                started.addFirst(stage.start().toString());
            }

            // When
            List<String> listed = new ArrayList<>();
            String cursor = "";
            int pages = 0;
            do {
                JsonNode page = ApiStage.json(stage.get("/v1/runs?limit=29" + cursor));
                page.get("runs").forEach(run -> listed.add(run.get("id").textValue()));
                cursor = page.get("next").isNull() ? "" : "&cursor=" + page.get("next").textValue();
                pages++;
            } while (!cursor.isEmpty());

            // Then
            assertEquals(started, listed);
            assertEquals(3, pages);
        }
    }

    @Test
    void list_withFilters_givesOnlyThose(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId done = stage.start();
            stage.finish(done);
            stage.post("/v1/runs", "{\"handler\":\"chat-demo\",\"queue\":\"other\"}");

            // When
            JsonNode completed = ApiStage.json(stage.get("/v1/runs?status=completed"));
            JsonNode other = ApiStage.json(stage.get("/v1/runs?queue=other&handler=chat-demo"));
            JsonNode none = ApiStage.json(stage.get("/v1/runs?queue=other&handler=echo"));

            // Then
            assertEquals(1, completed.get("runs").size());
            assertEquals(done.toString(), completed.get("runs").get(0).get("id").textValue());
            assertFalse(completed.get("runs").get(0).has("input"));
            assertEquals(1, other.get("runs").size());
            assertTrue(other.get("next").isNull());
            assertEquals(0, none.get("runs").size());
        }
    }

    @Test
    void cancel_ofWaitingRunningAndDoneRuns_saysWhereItStands(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId waiting = stage.start();
            RunId running = stage.start();
            stage.ledger.claim(running, 1, "worker");
            RunId done = stage.start();
            stage.finish(done);

            // When
            HttpResponse<String> first = stage.post("/v1/runs/" + waiting + "/cancel", null);
            HttpResponse<String> again = stage.post("/v1/runs/" + waiting + "/cancel", "{}");
            HttpResponse<String> asked =
                    stage.post("/v1/runs/" + running + "/cancel", "{\"reason\":\"enough\"}");
            HttpResponse<String> late = stage.post("/v1/runs/" + done + "/cancel", "{}");

            // Then
            assertEquals(200, first.statusCode());
            assertEquals("cancelled", ApiStage.json(first).get("status").textValue());
            assertEquals(200, again.statusCode());
            assertEquals(202, asked.statusCode());
            assertEquals("running", ApiStage.json(asked).get("status").textValue());
            assertEquals(409, late.statusCode());
            assertEquals("run_closed", ApiStage.json(late).get("code").textValue());
        }
    }

    @Test
    void haltedRun_saysWhyUntilItIsResolved(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId halted = stage.start();
            RunId other = stage.start();
            stage.ledger.halt(halted, 4, 7, "too \"long\"");

            // When
            JsonNode shown = ApiStage.json(stage.get("/v1/runs/" + halted)).get("halted");
            HttpResponse<String> resolved = stage.post("/v1/runs/" + halted + "/resolve", null);
            HttpResponse<String> needless = stage.post("/v1/runs/" + other + "/resolve", null);
            HttpResponse<String> unknown =
                    stage.post("/v1/runs/" + UUID.randomUUID() + "/resolve", null);

            // Then
            assertEquals(4, shown.get("next_seq").asLong());
            assertEquals(7, shown.get("bad_seq").asLong());
            assertEquals("too \"long\"", shown.get("reason").textValue());
            assertEquals(200, resolved.statusCode());
            assertEquals(200, needless.statusCode());
            assertTrue(ApiStage.json(needless).get("halted").isNull());
            assertEquals(404, unknown.statusCode());
        }
    }
}
