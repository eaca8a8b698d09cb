package dev.outrun.api;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.schema.run.RunId;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;

@ExtendWith(TestStackExtension.class)
class BadRequestTest {

    private static final String JSON = "application/json";
    private static final String NOBODY = "/v1/runs/01890000-0000-7000-8000-000000000000";

    private record Bad(
            String method, String path, String type, String body, int status, String code) {}

    @Test
    void badRequests_ofEveryKind_haveTheirStatusAndCode(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId open = stage.start();
            RunId closed = stage.start();
            stage.finish(closed);
            List<Executable> checks = new ArrayList<>();
            for (Bad bad : bad("/v1/runs/" + open, "/v1/runs/" + closed)) {
                // When
                HttpResponse<String> response = send(stage, bad);

                // Then
                checks.add(() -> assertEquals(bad.status, response.statusCode(), shown(bad)));
                checks.add(() -> assertProblem(bad.status, bad.code, response, shown(bad)));
            }
            assertAll(checks);
            assertEquals(1, stage.ledger.run(open).orElseThrow().nextSeq());
            assertEquals(3, stage.ledger.run(closed).orElseThrow().nextSeq());
            assertEquals(200, stage.get("/healthz").statusCode());
        }
    }

    @Test
    void wrongMethod_onAKnownPath_saysWhatIsAllowed(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // When
            HttpResponse<String> response =
                    send(stage, new Bad("DELETE", "/v1/runs", JSON, "", 405, ""));

            // Then
            assertEquals("POST, GET", response.headers().firstValue("Allow").orElseThrow());
        }
    }

    @Test
    void requests_thatAreHardlyHttp_areRefusedAsProblems(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            String host = " HTTP/1.1\r\nHost: x\r\n";
            String tail = host + "\r\n";
            String chunked = "Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n";
            List<String> requests =
                    List.of(
                            "GET /" + "x".repeat(20_000) + tail,
                            "GET /v1/runs?x=%zz" + tail,
                            "GET /v1/runs\u0001" + tail,
                            "GET /" + host + "A: " + "x".repeat(40_000) + "\r\n\r\n",
                            "POST /v1/runs" + host + "Content-Length: -5\r\n\r\n",
                            "POST /v1/runs" + host + "Content-Length: 99999999999\r\n\r\n",
                            "POST /v1/runs" + host + chunked + "\r\nzz\r\n");
            for (String request : requests) {
                // When
                String response = raw(stage, request);

                // Then
                String shown = request.substring(0, 30) + " -> " + response;
                assertTrue(response.startsWith("HTTP/1.1 4"), shown);
                assertTrue(response.contains("application/problem+json"), shown);
                assertTrue(response.contains("\"code\":\""), shown);
            }
        }
    }

    @Test
    void refusedBody_ofAClientThatSendsItAllFirst_isStillAnswered(TestStack stack)
            throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            String body = "{\"handler\":\"echo\",\"input\":\"" + "x".repeat(3_000_000) + "\"}";
            for (String connection : List.of("close", "keep-alive")) {
                for (String target : List.of("/v1/runs", "/v1/runs/none/events", "/", "/none")) {
                    // Given
                    boolean closes = connection.equals("close");
                    String next = closes ? "" : "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
                    String request =
                            "POST "
                                    + target
                                    + " HTTP/1.1\r\nHost: x\r\nConnection: "
                                    + connection
                                    + "\r\nContent-Type: application/json\r\nContent-Length: "
                                    + body.length()
                                    + "\r\n\r\n"
                                    + body;

                    // When
                    String answer = raw(stage, request + next);

                    // Then
                    assertTrue(answer.startsWith("HTTP/1.1 4"), answer);
                    assertEquals(
                            !closes,
                            answer.contains("{\"alive\":true}"),
                            target + " " + connection + answer);
                }
            }
        }
    }

    private static List<Bad> bad(String open, String closed) {
        String start = "/v1/runs";
        String large = "{\"handler\":\"echo\",\"input\":\"" + "x".repeat(3_000_000) + "\"}";
        String overInput = "{\"handler\":\"echo\",\"input\":\"" + "x".repeat(1_100_000) + "\"}";
        List<Bad> all = new ArrayList<>();
        all.add(new Bad("POST", start, JSON, "{", 400, "invalid_json"));
        all.add(new Bad("POST", start, JSON, "", 400, "invalid_json"));
        all.add(new Bad("POST", start, JSON, "[]", 400, "invalid_json"));
        all.add(new Bad("POST", start, JSON, "{\"handler\":\"\u00ff\"}", 400, "invalid_json"));
        all.add(new Bad("POST", start, JSON, "{}", 400, "invalid_request"));
        all.add(
                new Bad(
                        "POST",
                        start,
                        JSON,
                        "{\"handler\":\"echo\",\"x\":1}",
                        400,
                        "invalid_request"));
        all.add(new Bad("POST", start, JSON, "{\"handler\":\"no-such\"}", 422, "unknown_handler"));
        all.add(
                new Bad(
                        "POST",
                        start,
                        JSON,
                        "{\"handler\":\"echo\",\"retry\":{\"x\":1}}",
                        400,
                        "invalid_request"));
        all.add(
                new Bad(
                        "POST",
                        start,
                        JSON,
                        "{\"handler\":\"echo\",\"retry\":3}",
                        400,
                        "invalid_request"));
        all.add(new Bad("POST", start, JSON, large, 413, "payload_too_large"));
        all.add(new Bad("POST", start, JSON, overInput, 413, "payload_too_large"));
        all.add(new Bad("POST", start, "text/plain", "{}", 415, "unsupported_media_type"));
        all.add(new Bad("POST", start, "", "{}", 415, "unsupported_media_type"));
        all.add(
                new Bad(
                        "POST",
                        start,
                        "application/json; charset=latin1",
                        "{}",
                        415,
                        "unsupported_media_type"));
        all.add(new Bad("PUT", start, JSON, "{}", 405, "method_not_allowed"));
        all.add(new Bad("POST", "/healthz", JSON, "{}", 405, "method_not_allowed"));
        all.add(new Bad("GET", "/v1/nothing", "", "", 404, "not_found"));
        all.add(new Bad("GET", "/v1/runs/", "", "", 404, "not_found"));
        for (String query :
                List.of(
                        "?status=done",
                        "?limit=0",
                        "?limit=501",
                        "?limit=x",
                        "?cursor=x",
                        "?limits=1",
                        "?limit=1&limit=2",
                        "?handler=%00")) {
            all.add(new Bad("GET", start + query, "", "", 400, "invalid_request"));
        }
        for (String id : List.of("none", "1-1-1-1-1", "01890000-0000-7000-8000-00000000000g")) {
            all.add(new Bad("GET", "/v1/runs/" + id, "", "", 400, "invalid_run_id"));
            all.add(new Bad("GET", "/v1/runs/" + id + "/events", "", "", 400, "invalid_run_id"));
            all.add(
                    new Bad(
                            "POST",
                            "/v1/runs/" + id + "/cancel",
                            JSON,
                            "{}",
                            400,
                            "invalid_run_id"));
        }
        all.add(new Bad("GET", NOBODY, "", "", 404, "unknown_run"));
        all.add(new Bad("GET", NOBODY + "/events", "", "", 404, "unknown_run"));
        all.add(new Bad("STREAM", NOBODY + "/events", "", "", 404, "unknown_run"));
        all.add(new Bad("POST", NOBODY + "/cancel", JSON, "{}", 404, "unknown_run"));
        all.add(new Bad("POST", NOBODY + "/events", JSON, "{\"type\":\"x\"}", 404, "unknown_run"));
        for (String change :
                List.of(
                        "{\"colour\":1}",
                        "{\"mode\":\"sideways\"}",
                        "{\"concurrency\":0}",
                        "{\"rate\":5}",
                        "{\"width\":null}")) {
            all.add(new Bad("PATCH", "/v1/queues/q", JSON, change, 400, "invalid_request"));
        }
        all.add(new Bad("POST", open + "/signals/a%20b", JSON, "1", 400, "invalid_request"));
        all.add(new Bad("POST", open + "/signals/a", JSON, "{", 400, "invalid_json"));
        all.add(
                new Bad(
                        "POST",
                        open + "/signals/a",
                        "text/plain",
                        "1",
                        415,
                        "unsupported_media_type"));
        all.add(new Bad("POST", closed + "/signals/a", JSON, "1", 409, "run_closed"));
        all.add(new Bad("POST", NOBODY + "/signals/a", JSON, "1", 404, "unknown_run"));
        all.add(new Bad("POST", closed + "/resume", "", "", 409, "run_closed"));
        all.add(new Bad("POST", NOBODY + "/resume", "", "", 404, "unknown_run"));
        for (String at :
                List.of("{}", "{\"at\":0}", "{\"at\":9}", "{\"at\":\"1\"}", "{\"at\":1,\"x\":1}")) {
            all.add(new Bad("POST", open + "/fork", JSON, at, 400, "invalid_request"));
        }
        all.add(new Bad("POST", NOBODY + "/fork", JSON, "{\"at\":1}", 404, "unknown_run"));
        all.add(new Bad("POST", open + "/redrive", "", "", 400, "invalid_request"));
        all.add(new Bad("POST", NOBODY + "/redrive", "", "", 404, "unknown_run"));
        for (String filter : List.of("{\"since\":\"today\"}", "{\"limit\":0}", "{\"x\":1}")) {
            all.add(new Bad("POST", "/v1/queues/q/redrive", JSON, filter, 400, "invalid_request"));
        }
        for (String flow :
                List.of(
                        "{}",
                        "{\"handler\":\"echo\",\"children\":1}",
                        "{\"handler\":\"echo\",\"wait_for\":\"some\",\"children\":[]}",
                        "{\"handler\":\"echo\",\"parent\":\"x\"}")) {
            all.add(
                    new Bad(
                            "POST",
                            "/v1/flows",
                            JSON,
                            flow,
                            flow.equals("{}") ? 422 : 400,
                            flow.equals("{}") ? "unknown_handler" : "invalid_request"));
        }
        all.add(new Bad("POST", "/v1/flows", JSON, "[]", 400, "invalid_json"));
        all.add(new Bad("GET", start + "?parent=x", "", "", 400, "invalid_run_id"));
        for (String schedule :
                List.of(
                        "{\"cron\":\"0 9 * * *\"}",
                        "{\"run\":{\"handler\":\"echo\"}}",
                        "{\"cron\":9,\"run\":{\"handler\":\"echo\"}}",
                        "{\"cron\":\"0 25 * * *\",\"run\":{\"handler\":\"echo\"}}",
                        "{\"every_ms\":1,\"run\":{\"handler\":\"echo\"}}",
                        "{\"every_ms\":5000,\"starts_at\":7,\"run\":{\"handler\":\"echo\"}}",
                        "{\"every_ms\":5000,\"run\":{\"handler\":\"echo\",\"parent\":null}}",
                        "{\"every_ms\":5000,\"colour\":1,\"run\":{\"handler\":\"echo\"}}")) {
            all.add(new Bad("PUT", "/v1/schedules/s", JSON, schedule, 400, "invalid_request"));
        }
        all.add(new Bad("PUT", "/v1/schedules/s", JSON, "{\"run\":1}", 400, "invalid_json"));
        all.add(
                new Bad(
                        "PUT",
                        "/v1/schedules/s",
                        JSON,
                        "{\"every_ms\":5000,\"run\":{\"handler\":\"nobody\"}}",
                        422,
                        "unknown_handler"));
        all.add(new Bad("GET", "/v1/schedules/S", "", "", 400, "invalid_request"));
        all.add(new Bad("GET", "/v1/schedules?cursor=S", "", "", 400, "invalid_request"));
        all.add(new Bad("GET", "/v1/schedules/s", "", "", 404, "unknown_schedule"));
        all.add(new Bad("POST", "/v1/schedules/s/pause", "", "", 404, "unknown_schedule"));
        all.add(new Bad("PATCH", "/v1/queues/q", JSON, "{", 400, "invalid_json"));
        all.add(new Bad("PATCH", "/v1/queues/q", "", "{}", 415, "unsupported_media_type"));
        all.add(new Bad("GET", "/v1/queues/Q", "", "", 400, "invalid_request"));
        all.add(new Bad("POST", "/v1/queues/-/pause", "", "", 400, "invalid_request"));
        all.add(new Bad("DELETE", "/v1/queues/q", "", "", 405, "method_not_allowed"));
        for (String from :
                List.of(
                        "-1",
                        "x",
                        "",
                        "1.5",
                        "%2B1",
                        "9223372036854775807",
                        "99999999999999999999",
                        "0x1")) {
            all.add(new Bad("GET", open + "/events?from=" + from, "", "", 400, "invalid_seq"));
            all.add(new Bad("STREAM", open + "/events?from=" + from, "", "", 400, "invalid_seq"));
        }
        all.add(new Bad("STREAM-AFTER", open + "/events", "", "-1", 400, "invalid_seq"));
        all.add(new Bad("STREAM-AFTER", open + "/events", "", "x", 400, "invalid_seq"));
        all.add(new Bad("STREAM", open + "/events?limit=1", "", "", 400, "invalid_request"));
        all.add(new Bad("GET", open + "/events?limit=100001", "", "", 400, "invalid_request"));
        for (String body :
                List.of(
                        "{}",
                        "{\"events\":{}}",
                        "{\"events\":[]}",
                        "{\"events\":[1]}",
                        "{\"events\":null}",
                        "{\"type\":1}",
                        "{\"type\":\"run.completed\"}",
                        "{\"type\":\"a b\"}",
                        "{\"events\":[{\"type\":\"x\",\"more\":1}]}",
                        "{\"events\":[{\"data\":1}]}")) {
            all.add(new Bad("POST", open + "/events", JSON, body, 400, "invalid_events"));
        }
        all.add(
                new Bad(
                        "POST",
                        open + "/events",
                        JSON,
                        "{\"type\":\"x\",\"events\":[]}",
                        400,
                        "invalid_request"));
        all.add(
                new Bad(
                        "POST",
                        open + "/events",
                        JSON,
                        "{\"type\":\"x\",\"attempt\":-1}",
                        400,
                        "invalid_request"));
        all.add(
                new Bad(
                        "POST",
                        open + "/events",
                        JSON,
                        "{\"type\":\"x\",\"attempt\":7}",
                        409,
                        "stale_attempt"));
        all.add(
                new Bad(
                        "POST",
                        open + "/events",
                        JSON,
                        "{\"type\":\"x\",\"data\":\"" + "x".repeat(1_100_000) + "\"}",
                        413,
                        "payload_too_large"));
        all.add(
                new Bad(
                        "POST",
                        open + "/events",
                        JSON,
                        "{\"type\":\"x\",\"data\":\"" + "x".repeat(17_000_000) + "\"}",
                        413,
                        "payload_too_large"));
        all.add(new Bad("POST", closed + "/events", JSON, "{\"type\":\"x\"}", 409, "run_closed"));
        all.add(new Bad("POST", closed + "/cancel", "", "", 409, "run_closed"));
        all.add(new Bad("POST", open + "/cancel", JSON, "{\"why\":1}", 400, "invalid_request"));
        all.add(new Bad("POST", open + "/cancel", JSON, "{\"reason\":1}", 400, "invalid_request"));
        all.add(new Bad("POST", open + "/cancel", JSON, "x", 400, "invalid_json"));
        return all;
    }

    private static HttpResponse<String> send(ApiStage stage, Bad bad)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(stage.uri(bad.path));
        if (!bad.type.isEmpty()) {
            request.header("Content-Type", bad.type);
        }
        if (bad.method.startsWith("STREAM")) {
            request.header("Accept", "text/event-stream");
        }
        if (bad.method.equals("STREAM-AFTER")) {
            request.header("Last-Event-ID", bad.body);
        }
        // A character is a byte: so a test can send what is no UTF-8.
        request.method(
                bad.method.startsWith("STREAM") ? "GET" : bad.method,
                bad.body.isEmpty() || bad.method.startsWith("STREAM")
                        ? HttpRequest.BodyPublishers.noBody()
                        : HttpRequest.BodyPublishers.ofByteArray(bad.body.getBytes(ISO_8859_1)));
        return stage.send(request.build());
    }

    private static void assertProblem(
            int status, String code, HttpResponse<String> response, String shown)
            throws IOException {
        assertEquals(
                "application/problem+json",
                response.headers().firstValue("Content-Type").orElse(""),
                shown);
        JsonNode problem = ApiStage.json(response);
        assertEquals(code, problem.get("code").textValue(), shown);
        assertEquals(status, problem.get("status").intValue(), shown);
        assertEquals("urn:outrun:error:" + code, problem.get("type").textValue(), shown);
        assertTrue(problem.get("detail").textValue().length() > 5, shown);
        assertTrue(problem.get("title").textValue().length() > 3, shown);
    }

    private static String shown(Bad bad) {
        String text = bad.toString();
        return text.length() < 200 ? text : text.substring(0, 200);
    }

    private static String raw(ApiStage stage, String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), stage.server.port())) {
            socket.getOutputStream().write(request.getBytes(ISO_8859_1));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        }
    }
}
