package dev.outrun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Writing: streams are made, appended to, closed, forked and deleted by their names. */
@ExtendWith(TestStackExtension.class)
class StreamWriteRoutesTest {

    private static final String A = "/v1/streams/agents/a";
    private static final String TEXT = "text/plain";
    private static final String JSON = "application/json";

    @Test
    void stream_made_isARunWithItsMessages(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // When
            HttpResponse<String> made = send(stage, "PUT", A, JSON, "[1,{\"b\": 2}]");
            HttpResponse<String> again = send(stage, "PUT", A, JSON, "[3]");
            HttpResponse<String> other = send(stage, "PUT", A, TEXT, "3");

            // Then
            assertEquals(201, made.statusCode());
            assertEquals(stage.uri(A).toString(), header(made, "Location"));
            assertEquals(JSON, header(made, "Content-Type"));
            assertEquals("0000000000000003_0000000000000000", header(made, "Stream-Next-Offset"));
            assertEquals(200, again.statusCode());
            assertEquals("", header(again, "Location"));
            assertProblem(409, "stream_conflict", other);
            assertEquals("[1,{\"b\": 2}]", stage.get(A).body());
            assertEquals(List.of("run.requested", "message", "message"), types(stage, run(stage)));
            assertEquals(2, stage.minted.get(), "what the second has not used, the third has");
        }
    }

    @Test
    void stream_closed_isACompletedRun(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            send(stage, "PUT", A, TEXT, "one");
            RunId run = run(stage);

            // When
            HttpResponse<String> appended = send(stage, "POST", A, "TEXT/plain", " two");
            HttpResponse<String> closed = send(stage, "POST", A, "", "", "Stream-Closed", "true");
            HttpResponse<String> again = send(stage, "POST", A, "", "", "Stream-Closed", "true");
            HttpResponse<String> late = send(stage, "POST", A, TEXT, "three");

            // Then
            assertEquals(204, appended.statusCode());
            assertEquals("", header(appended, "Stream-Closed"));
            String end = header(appended, "Stream-Next-Offset");
            for (HttpResponse<String> response : List.of(closed, again)) {
                assertEquals(204, response.statusCode());
                assertEquals("true", header(response, "Stream-Closed"));
                assertEquals(end, header(response, "Stream-Next-Offset"));
            }
            assertProblem(409, "run_closed", late);
            assertEquals("true", header(late, "Stream-Closed"));
            assertEquals(end, header(late, "Stream-Next-Offset"));
            assertEquals("one two", stage.get(A).body());
            assertEquals(RunStatus.COMPLETED, stage.ledger.run(run).orElseThrow().status());
        }
    }

    @Test
    void producer_isToldWhatItHasComeTo(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            send(stage, "PUT", A, TEXT, "");

            // When
            HttpResponse<String> first = produce(stage, "0", "0");
            HttpResponse<String> twice = produce(stage, "0", "0");
            HttpResponse<String> gap = produce(stage, "0", "2");
            HttpResponse<String> wrong = produce(stage, "1", "1");
            HttpResponse<String> next = produce(stage, "3", "0");
            HttpResponse<String> stale = produce(stage, "2", "0");

            // Then
            assertEquals(List.of(200, 204), List.of(first.statusCode(), twice.statusCode()));
            assertEquals("0", header(twice, "Producer-Seq"));
            assertProblem(409, "stream_conflict", gap);
            assertEquals("1", header(gap, "Producer-Expected-Seq"));
            assertEquals("2", header(gap, "Producer-Received-Seq"));
            assertProblem(400, "invalid_request", wrong);
            assertEquals(200, next.statusCode());
            assertEquals("3", header(next, "Producer-Epoch"));
            assertProblem(403, "stale_producer", stale);
            assertEquals("3", header(stale, "Producer-Epoch"));
            assertEquals("xx", stage.get(A).body());
        }
    }

    @Test
    void stream_deleted_isGone_andItsRunIsNot(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            send(stage, "PUT", A, TEXT, "one");
            RunId run = run(stage);
            send(stage, "PUT", "/v1/streams/b", "", "", "Stream-Forked-From", A);

            // When
            HttpResponse<String> deleted = send(stage, "DELETE", A, "", "");

            // Then
            assertEquals(204, deleted.statusCode());
            assertProblem(410, "stream_gone", stage.get(A));
            assertProblem(409, "stream_conflict", send(stage, "PUT", A, TEXT, ""));
            assertEquals("one", stage.get("/v1/streams/b").body());
            assertEquals(204, send(stage, "DELETE", "/v1/streams/b", "", "").statusCode());
            assertProblem(404, "unknown_stream", stage.get(A));
            assertEquals(RunStatus.CANCELLED, stage.ledger.run(run).orElseThrow().status());
            assertEquals(200, stage.get("/v1/streams/" + run).statusCode());
        }
    }

    @Test
    void fork_withinAMessage_hasTheFirstOfIt(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            HttpResponse<String> made = send(stage, "PUT", A, TEXT, "one");
            send(stage, "POST", A, TEXT, "two");

            // When
            HttpResponse<String> forked =
                    send(
                            stage,
                            "PUT",
                            "/v1/streams/b",
                            "",
                            "",
                            "Stream-Forked-From",
                            "/agents/a",
                            "Stream-Fork-Offset",
                            header(made, "Stream-Next-Offset"),
                            "Stream-Fork-Sub-Offset",
                            "2");

            // Then
            assertEquals(201, forked.statusCode());
            assertEquals("onetw", stage.get("/v1/streams/b").body());
        }
    }

    @Test
    void writes_thatMeanNothing_areRefused(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            send(stage, "PUT", A, JSON, "");
            RunId run = stage.start();

            // When / Then
            assertProblem(400, "invalid_request", send(stage, "POST", A, JSON, ""));
            assertProblem(400, "invalid_request", send(stage, "POST", A, "", "1"));
            assertProblem(400, "invalid_request", send(stage, "POST", A, JSON, "[]"));
            assertProblem(400, "invalid_json", send(stage, "POST", A, JSON, "{"));
            assertProblem(409, "stream_conflict", send(stage, "POST", A, TEXT, "x"));
            assertProblem(404, "unknown_stream", send(stage, "POST", "/v1/streams/b", TEXT, "x"));
            assertProblem(
                    400, "invalid_request", send(stage, "POST", A, JSON, "1", "Producer-Id", "p"));
            assertProblem(
                    400,
                    "invalid_request",
                    send(stage, "PUT", "/v1/streams/b", TEXT, "", "Stream-TTL", "07"));
            assertProblem(
                    400,
                    "invalid_request",
                    send(stage, "PUT", "/v1/streams/b", TEXT, "", "Stream-Expires-At", "soon"));
            assertProblem(
                    400,
                    "invalid_request",
                    send(stage, "PUT", "/v1/streams/b", TEXT, "", "Stream-Fork-Offset", "-1"));
            assertProblem(400, "invalid_request", send(stage, "PUT", "/v1/streams/b", "x", ""));
            assertProblem(404, "not_found", send(stage, "PUT", "/v1/streams/__ds/b", TEXT, ""));
            for (String method : List.of("PUT", "POST", "DELETE")) {
                HttpResponse<String> refused = send(stage, method, "/v1/streams/" + run, TEXT, "x");
                assertProblem(405, "method_not_allowed", refused);
                assertEquals("GET, HEAD", header(refused, "Allow"));
            }
            assertEquals("[]", stage.get(A).body());
        }
    }

    @Test
    void startsAndWorkers_ofTheLedgersOwnHandler_areRefused(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // When
            HttpResponse<String> start = stage.post("/v1/runs", "{\"handler\":\"stream\"}");

            // Then
            assertProblem(422, "unknown_handler", start);
        }
    }

    private static HttpResponse<String> produce(ApiStage stage, String epoch, String seq)
            throws Exception {
        return send(
                stage,
                "POST",
                A,
                TEXT,
                "x",
                "Producer-Id",
                "p",
                "Producer-Epoch",
                epoch,
                "Producer-Seq",
                seq);
    }

    private static RunId run(ApiStage stage) {
        return stage.ledger.streams().find(Tenant.DEFAULT, "agents/a", false).run().id();
    }

    private static List<String> types(ApiStage stage, RunId run) {
        return stage.ledger.events(run, 0, 100).stream().map(Event::type).toList();
    }

    private static void assertProblem(int status, String code, HttpResponse<String> response)
            throws Exception {
        assertEquals(status, response.statusCode(), response.body());
        assertEquals(code, ApiStage.json(response).get("code").textValue(), response.body());
        assertTrue(header(response, "Content-Type").startsWith("application/problem+json"));
    }

    private static HttpResponse<String> send(
            ApiStage stage, String method, String path, String type, String body, String... headers)
            throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(stage.uri(path));
        if (!type.isEmpty()) {
            request.header("Content-Type", type);
        }
        if (headers.length > 0) {
            request.headers(headers);
        }
        return stage.send(request.method(method, BodyPublishers.ofString(body)).build());
    }

    private static String header(HttpResponse<String> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }
}
