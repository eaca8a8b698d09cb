package dev.outrun.api;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.api.access.AccessConfig;
import dev.outrun.ledger.RunQuery;
import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.access.KeyText;
import dev.outrun.ledger.access.Role;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import io.helidon.http.Method;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;

/** Every route with every wrong key, and what a right one sees. */
@ExtendWith(TestStackExtension.class)
final class LockedDoorsTest {

    private static final Tenant ACME = new Tenant("acme");
    private static final Tenant UMBRA = new Tenant("umbra");
    private static final String SCHEDULE = "{\"every_ms\":3600000,\"run\":{\"handler\":\"echo\"}}";

    /** Bodies of the calls that need one, by their ends. */
    private static final Map<String, String> BODIES =
            Map.of(
                    "POST /v1/runs", "{\"handler\":\"echo\"}",
                    "POST /v1/flows", "{\"handler\":\"echo\"}",
                    "POST /v1/runs/{id}/fork", "{\"at\":1}",
                    "POST /v1/runs/{id}/events", "{\"type\":\"x\"}",
                    "PATCH /v1/queues/{queue}", "{}",
                    "PUT /v1/schedules/{schedule}", SCHEDULE,
                    "PUT /v1/streams/{+stream}", "[]",
                    "POST /v1/streams/{+stream}", "[2]");

    @Test
    void everyRoute_withEveryWrongKey_isRefusedAndChangesNothing(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack, AccessConfig.KEYS)) {
            // Given
            RunId run = stage.ledger.start(start(ACME));
            stage.ledger.putSchedule(ACME, "nightly", SCHEDULE);
            Map<String, @Nullable String> wrong = new LinkedHashMap<>();
            String good = stage.key("*", Role.ADMIN);
            String revoked = stage.key("*", Role.ADMIN);
            stage.access.revokeKey(KeyText.parse(revoked).orElseThrow().id(), Instant.now());
            wrong.put("none", null);
            wrong.put("malformed", "outrun_x");
            wrong.put("a token", "aa.bb.cc");
            wrong.put("unknown", KeyText.mint(new SecureRandom()).text());
            wrong.put("with another secret", withOtherSecret(good));
            wrong.put("revoked", revoked);
            wrong.put("expired", stage.key("*", Role.ADMIN, Instant.now().minusSeconds(1)));
            List<Executable> checks = new ArrayList<>();
            for (Route route : locked(stage)) {
                for (Map.Entry<String, @Nullable String> key : wrong.entrySet()) {
                    for (boolean stream : ways(route)) {
                        // When
                        HttpResponse<String> answer =
                                send(stage, route, run, key.getValue(), stream);

                        // Then
                        checks.add(refused(answer, 401, "unauthenticated", route, key.getKey()));
                    }
                }
            }
            assertAll(checks);
            assertEquals(1, stage.ledger.run(run).orElseThrow().nextSeq());
            assertEquals(List.of(), stage.ledger.runs(RunQuery.all(Tenant.DEFAULT, 10)));
        }
    }

    @Test
    void everyRoute_withARoleThatIsNotEnough_isForbidden(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack, AccessConfig.KEYS)) {
            // Given
            RunId run = stage.ledger.start(start(ACME));
            List<Executable> checks = new ArrayList<>();
            for (Role role : List.of(Role.READER, Role.WRITER, Role.WORKER)) {
                String key = stage.key("*", role);
                for (Route route : locked(stage)) {
                    if (!role.includes(route.role())) {
                        // When
                        HttpResponse<String> answer = send(stage, route, run, key, false);

                        // Then
                        checks.add(refused(answer, 403, "forbidden", route, role.text()));
                    }
                }
            }
            assertAll(checks);
            assertTrue(checks.size() > 30, checks.size() + " were refused");
            assertEquals(1, stage.ledger.run(run).orElseThrow().nextSeq());
        }
    }

    @Test
    void everyRoute_withAnotherTenantsKey_answersAsIfThereWereNothing(TestStack stack)
            throws Exception {
        try (ApiStage stage = new ApiStage(stack, AccessConfig.KEYS)) {
            // Given
            RunId run = stage.ledger.start(start(ACME));
            RunId none = new RunId(new UUID(0x01890000_0000_7000L, 0x8000_0000_0000_0000L));
            stage.ledger.putSchedule(ACME, "nightly", SCHEDULE);
            String acme = stage.key("acme", Role.WRITER);
            stage.call("PUT", "/v1/streams/notes", acme, "[1]");
            String key = stage.key("umbra", Role.ADMIN);
            List<Executable> checks = new ArrayList<>();
            for (Route route : locked(stage)) {
                for (boolean stream : ways(route)) {
                    // When
                    HttpResponse<String> answer = send(stage, route, run, key, stream);

                    // Then
                    if (route.everyTenant()) {
                        checks.add(refused(answer, 403, "forbidden", route, "another tenant's"));
                    } else if (path(route, run).contains(run.toString())) {
                        HttpResponse<String> unknown = send(stage, route, none, key, stream);
                        checks.add(refused(answer, 404, "unknown_run", route, "another's run"));
                        checks.add(() -> assertEquals(told(unknown, none), told(answer, run)));
                    } else if (route.path().contains("{schedule}")
                            && !route.method().equals(Method.PUT)) {
                        checks.add(refused(answer, 404, "unknown_schedule", route, "another's"));
                    } else {
                        checks.add(() -> assertFalse(answer.body().contains("acme"), shown(route)));
                        checks.add(() -> assertFalse(answer.body().contains(run.toString())));
                        // There are no windows here, of nobody's.
                        boolean windows = route.path().startsWith("/v1/analytics");
                        checks.add(() ->
                                assertTrue(answer.statusCode() < 300 || windows, shown(route)));
                    }
                    if (route.toString().equals("PUT /v1/schedules/{schedule}")) {
                        stage.ledger.deleteSchedule(UMBRA, "nightly");
                    }
                }
            }
            assertAll(checks);
            assertEquals(1, stage.ledger.run(run).orElseThrow().nextSeq());
            assertFalse(stage.ledger.schedule(ACME, "nightly").orElseThrow().settings().paused());
            assertEquals("[1]", stage.call("GET", "/v1/streams/notes", acme, null).body());
        }
    }

    @Test
    void lists_ofATenantsKey_haveItsOwnOnly(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack, AccessConfig.KEYS)) {
            // Given
            RunId parent = stage.ledger.start(start(ACME));
            stage.ledger.start(
                    start(ACME).toBuilder()
                            .child(new StartRun.Child(parent, false, false))
                            .build());
            RunId own = stage.ledger.start(start(UMBRA));
            stage.ledger.putSchedule(ACME, "nightly", SCHEDULE);
            stage.ledger.putSchedule(UMBRA, "weekly", SCHEDULE);
            String key = stage.key("umbra", Role.READER);

            // When
            JsonNode runs = json(stage, key, "/v1/runs");
            JsonNode children = json(stage, key, "/v1/runs?parent=" + parent);
            JsonNode filtered = json(stage, key, "/v1/runs?handler=echo&status=queued&limit=1");
            JsonNode schedules = json(stage, key, "/v1/schedules");

            // Then
            assertEquals(List.of(own.toString()), runs.get("runs").findValuesAsText("id"));
            assertEquals(0, children.get("runs").size());
            assertEquals(List.of(own.toString()), filtered.get("runs").findValuesAsText("id"));
            assertTrue(filtered.get("next").isNull());
            assertEquals(1, schedules.get("schedules").size());
            assertTrue(schedules.toString().contains("weekly"));
        }
    }

    @Test
    void starts_ofTwoTenants_shareNoKeysAndNoParents(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack, AccessConfig.KEYS)) {
            // Given
            String acme = stage.key("acme", Role.WRITER);
            String umbra = stage.key("umbra", Role.WRITER);
            String keyed = "{\"handler\":\"echo\",\"idempotency_key\":\"k\"}";
            String deduped = "{\"handler\":\"echo\",\"dedupe_key\":\"d\"}";
            JsonNode first = ApiStage.json(stage.call("POST", "/v1/runs", acme, keyed));
            JsonNode once = ApiStage.json(stage.call("POST", "/v1/runs", acme, deduped));
            String child = "{\"handler\":\"echo\",\"parent\":" + first.get("id") + "}";

            // When
            HttpResponse<String> second = stage.call("POST", "/v1/runs", umbra, keyed);
            HttpResponse<String> twice = stage.call("POST", "/v1/runs", umbra, deduped);
            HttpResponse<String> strayed = stage.call("POST", "/v1/runs", umbra, child);

            // Then
            assertEquals("acme", first.get("tenant").textValue());
            assertEquals(201, second.statusCode());
            assertEquals("umbra", ApiStage.json(second).get("tenant").textValue());
            assertEquals(201, twice.statusCode());
            assertFalse(twice.body().contains(once.get("id").textValue()));
            assertEquals(404, strayed.statusCode());
            assertEquals("unknown_run", ApiStage.json(strayed).get("code").textValue());
            assertEquals(200, stage.call("POST", "/v1/runs", acme, keyed).statusCode());
        }
    }

    @Test
    void keyOfEveryTenant_actsForTheOneItNames(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack, AccessConfig.KEYS)) {
            // Given
            RunId acmes = stage.ledger.start(start(ACME));
            String every = stage.key("*", Role.ADMIN);
            String one = stage.key("umbra", Role.ADMIN);

            // When
            HttpResponse<String> started = as(stage, every, "POST", "/v1/runs", "umbra");
            HttpResponse<String> listed = as(stage, every, "GET", "/v1/runs", "acme");
            HttpResponse<String> strayed = as(stage, every, "GET", "/v1/runs/" + acmes, "umbra");
            HttpResponse<String> foreign = as(stage, one, "GET", "/v1/runs", "acme");
            HttpResponse<String> nobody = as(stage, every, "GET", "/v1/runs", "-");

            // Then
            assertEquals("umbra", ApiStage.json(started).get("tenant").textValue());
            assertEquals(
                    List.of(acmes.toString()),
                    ApiStage.json(listed).get("runs").findValuesAsText("id"));
            assertEquals(404, strayed.statusCode());
            assertEquals(200, stage.call("GET", "/v1/runs/" + acmes, every, null).statusCode());
            assertEquals(403, foreign.statusCode());
            assertEquals(200, as(stage, one, "GET", "/v1/runs", "umbra").statusCode());
            assertEquals(400, nobody.statusCode());
        }
    }

    @Test
    void openRoutes_needNoKey(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack, AccessConfig.KEYS)) {
            // When
            List<String> open =
                    stage.server.routes().stream()
                            .filter(route -> route.role() == Role.ANYONE)
                            .map(Route::toString)
                            .toList();

            // Then
            assertEquals(
                    List.of(
                            "GET /healthz",
                            "GET /readyz",
                            "GET /",
                            "GET /console.js",
                            "GET /console.css",
                            "GET /icon.svg",
                            "GET /openapi.yaml"),
                    open);
            for (String route : open) {
                assertEquals(200, stage.get(route.substring("GET ".length())).statusCode(), route);
            }
        }
    }

    private static List<Route> locked(ApiStage stage) {
        return stage.server.routes().stream().filter(route -> route.role() != Role.ANYONE).toList();
    }

    /** Asked for as JSON, and what is read also as an event stream. */
    private static List<Boolean> ways(Route route) {
        return route.isChanging() ? List.of(false) : List.of(false, true);
    }

    private static StartRun start(Tenant tenant) {
        return StartRun.of("echo", "{}").toBuilder().tenant(tenant).build();
    }

    /** With a run, a queue, and so on, for its parameters. */
    private static String path(Route route, RunId run) {
        return route.path()
                .replace("{id}", run.toString())
                .replace("{run}", run.toString())
                .replace("{attempt}", "1")
                .replace("{queue}", "default")
                .replace("{schedule}", "nightly")
                .replace("{name}", "go")
                // A run's log is only read by the run's id.
                .replace("{+stream}", route.isChanging() ? "notes" : run.toString())
                .replace("/v1/events", "/v1/events?runs=" + run);
    }

    private static HttpResponse<String> send(
            ApiStage stage, Route route, RunId run, @Nullable String key, boolean stream)
            throws IOException, InterruptedException {
        String body = BODIES.get(route.toString());
        HttpRequest.Builder request =
                HttpRequest.newBuilder(stage.uri(path(route, run)))
                        .method(
                                route.method().text(),
                                body == null
                                        ? HttpRequest.BodyPublishers.noBody()
                                        : HttpRequest.BodyPublishers.ofString(body));
        if (body != null) {
            request.header("Content-Type", "application/json");
        }
        if (key != null) {
            request.header("Authorization", "Bearer " + key);
        }
        // The windows' stream of one's own tenant does not end.
        if (stream && !route.path().startsWith("/v1/analytics")) {
            request.header("Accept", "text/event-stream");
        }
        return stage.send(request.build());
    }

    private static HttpResponse<String> as(
            ApiStage stage, String key, String method, String path, String tenant)
            throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(stage.uri(path))
                        .header("Authorization", "Bearer " + key)
                        .header("Outrun-Tenant", tenant)
                        .header("Content-Type", "application/json");
        return stage.send(
                request.method(
                                method,
                                method.equals("GET")
                                        ? HttpRequest.BodyPublishers.noBody()
                                        : HttpRequest.BodyPublishers.ofString(
                                                "{\"handler\":\"echo\"}"))
                        .build());
    }

    private static JsonNode json(ApiStage stage, String key, String path)
            throws IOException, InterruptedException {
        return ApiStage.json(stage.call("GET", path, key, null));
    }

    /** An answer without what differs of necessity: the run's id. */
    private static String told(HttpResponse<String> answer, RunId run) {
        List<String> headers =
                answer.headers().map().keySet().stream()
                        .filter(name -> !name.equalsIgnoreCase("date"))
                        .sorted()
                        .toList();
        return answer.statusCode() + " " + headers + answer.body().replace(run.toString(), "");
    }

    private static Executable refused(
            HttpResponse<String> answer, int status, String code, Route route, String key) {
        String shown = shown(route) + " with a key that is " + key + ": " + answer.body();
        return () -> {
            assertEquals(status, answer.statusCode(), shown);
            if (!route.method().equals(Method.HEAD)) {
                assertEquals(code, ApiStage.json(answer).get("code").textValue(), shown);
            }
            assertEquals(
                    status == 401,
                    answer.headers().firstValue("WWW-Authenticate").isPresent(),
                    shown);
        };
    }

    private static String shown(Route route) {
        return Arrays.asList(route, route.role()).toString();
    }

    private static String withOtherSecret(String key) {
        char last = key.charAt(key.length() - 1);
        return key.substring(0, key.length() - 1) + (last == 'A' ? 'B' : 'A');
    }
}
