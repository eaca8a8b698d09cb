package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.ledger.RunQuery;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What must be refused is refused with a stable code, over the real path, and writes nothing. */
@ExtendWith(OutrunExtension.class)
final class BadInputTest {

    private static final String NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057";

    /** A request, and the answer it must get. */
    private record Case(String method, String path, String body, int status, String code) {}

    @Test
    void badRequests_areRefusedWithACode_andWriteNothing(TestOutrun outrun) throws Exception {
        // Given
        RunId closed = outrun.start("echo", "1");
        List<Event> closedLog = outrun.awaitEnd(closed);
        RunId open = outrun.start("sleeper", "{}");
        awaitAttempt(outrun, open);
        List<Event> openLog = outrun.ledger().events(open, 0, 100);
        String large = "\"" + "x".repeat(1_048_577) + "\"";
        List<Case> cases =
                List.of(
                        new Case(
                                "POST",
                                "/v1/runs",
                                "{\"handler\":\"no-such\"}",
                                422,
                                "unknown_handler"),
                        new Case("POST", "/v1/runs", "{\"handler\":", 400, "invalid_json"),
                        new Case("POST", "/v1/runs", "{}", 400, "invalid_request"),
                        new Case(
                                "POST",
                                "/v1/runs",
                                "{\"handler\":\"echo\",\"colour\":1}",
                                400,
                                "invalid_request"),
                        new Case(
                                "POST",
                                "/v1/runs",
                                "{\"handler\":\"echo\",\"retry\":{\"max_attempts\":0}}",
                                400,
                                "invalid_request"),
                        new Case(
                                "POST",
                                "/v1/runs",
                                "{\"handler\":\"echo\",\"queue\":\"Not A Queue\"}",
                                400,
                                "invalid_request"),
                        new Case(
                                "POST",
                                "/v1/runs",
                                "{\"handler\":\"echo\",\"input\":" + large + "}",
                                413,
                                "payload_too_large"),
                        new Case(
                                "POST",
                                "/v1/runs",
                                "{\"handler\":\"echo\",\"input\":\""
                                        + "x".repeat(3_000_000)
                                        + "\"}",
                                413,
                                "payload_too_large"),
                        new Case("GET", "/v1/runs/none", "", 400, "invalid_run_id"),
                        new Case("GET", "/v1/runs/" + NOBODY, "", 404, "unknown_run"),
                        new Case("GET", "/v1/runs/" + NOBODY + "/events", "", 404, "unknown_run"),
                        new Case(
                                "GET",
                                "/v1/runs/" + closed + "/events?from=-1",
                                "",
                                400,
                                "invalid_seq"),
                        new Case(
                                "GET",
                                "/v1/runs/" + closed + "/events?from=x",
                                "",
                                400,
                                "invalid_seq"),
                        new Case(
                                "POST",
                                "/v1/runs/" + closed + "/events",
                                "{\"type\":\"x\",\"data\":{}}",
                                409,
                                "run_closed"),
                        new Case("POST", "/v1/runs/" + closed + "/cancel", "{}", 409, "run_closed"),
                        new Case(
                                "POST",
                                "/v1/runs/" + NOBODY + "/events",
                                "{\"type\":\"x\",\"data\":{}}",
                                404,
                                "unknown_run"),
                        new Case(
                                "POST",
                                "/v1/runs/" + open + "/events",
                                "{\"type\":\"x\",\"data\":1,\"attempt\":9}",
                                409,
                                "stale_attempt"),
                        new Case(
                                "POST",
                                "/v1/runs/" + open + "/events",
                                "{\"type\":\"x\",\"data\":1,\"attempt\":0}",
                                409,
                                "stale_attempt"),
                        new Case(
                                "POST",
                                "/v1/runs/" + open + "/events",
                                "{\"type\":\"run.completed\",\"data\":1}",
                                400,
                                "invalid_events"),
                        new Case(
                                "POST",
                                "/v1/runs/" + open + "/events",
                                "{\"type\":\"x\",\"data\":" + large + "}",
                                413,
                                "payload_too_large"),
                        new Case(
                                "POST",
                                "/v1/runs/" + open + "/events",
                                "{\"events\":[]}",
                                400,
                                "invalid_events"),
                        new Case("POST", "/v1/runs/" + open + "/events", "[1", 400, "invalid_json"),
                        new Case("GET", "/v1/nothing", "", 404, "not_found"),
                        new Case("DELETE", "/v1/runs/" + open, "", 405, "method_not_allowed"));

        // When / Then
        for (Case bad : cases) {
            HttpResponse<String> answer = send(outrun, bad);
            String what =
                    bad.method
                            + " "
                            + bad.path
                            + " "
                            + bad.body.substring(0, Math.min(60, bad.body.length()));
            assertEquals(bad.status, answer.statusCode(), what + ": " + answer.body());
            JsonNode problem = WireJson.mapper().readTree(answer.body());
            assertEquals(bad.code, problem.get("code").asText(), what);
            assertEquals(bad.status, problem.get("status").asInt(), what);
            assertEquals(
                    "application/problem+json",
                    answer.headers().firstValue("Content-Type").orElse("").split(";", 2)[0],
                    what);
        }
        assertEquals(closedLog.size(), outrun.ledger().events(closed, 0, 100).size());
        assertEquals(openLog.size(), outrun.ledger().events(open, 0, 100).size());
        var all = RunQuery.all(Tenant.DEFAULT, 100);
        assertEquals(2, outrun.ledger().runs(all).size());
    }

    private static void awaitAttempt(TestOutrun outrun, RunId run) {
        var seen = outrun.firehose(List.of(run), 2);
        assertEquals(2, seen.size());
    }

    private static HttpResponse<String> send(TestOutrun outrun, Case bad)
            throws IOException, InterruptedException {
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpRequest request =
                    HttpRequest.newBuilder(outrun.url().resolve(bad.path))
                            .header("Content-Type", "application/json")
                            .method(bad.method, BodyPublishers.ofString(bad.body))
                            .build();
            return http.send(request, BodyHandlers.ofString());
        }
    }
}
