package dev.outrun.api;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.api.access.AccessConfig;
import dev.outrun.api.access.AccessConfig.Mode;
import dev.outrun.api.access.Caller;
import dev.outrun.api.access.CallerLimits;
import dev.outrun.api.access.TlsFiles;
import dev.outrun.api.hub.Deliveries;
import dev.outrun.api.hub.Delivery;
import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.access.AuditEntry;
import dev.outrun.ledger.access.Role;
import dev.outrun.ledger.access.TenantScope;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Limits, headers, origins and the audit log, as callers meet them. */
@ExtendWith(TestStackExtension.class)
final class AccessTest {

    private static final String APP = "https://app.example.com";
    private static final CallerLimits LIMITS = CallerLimits.DEFAULT;

    @Test
    void caller_thatIsTooFast_isToldWhenToComeBack(TestStack stack) throws Exception {
        AccessConfig slow = keys(new CallerLimits(1, 2, 10, 10), List.of());
        try (ApiStage stage = new ApiStage(stack, slow)) {
            // Given
            String key = stage.key("acme", Role.READER);
            String other = stage.key("acme", Role.READER);
            HttpResponse<String> answer = stage.call("GET", "/v1/runs", key, null);

            // When
            for (int i = 0; i < 1_000 && answer.statusCode() == 200; i++) {
                answer = stage.call("GET", "/v1/runs", key, null);
            }

            // Then
            assertEquals(429, answer.statusCode());
            assertEquals("1", answer.headers().firstValue("Retry-After").orElseThrow());
            assertEquals("too_many_requests", ApiStage.json(answer).get("code").textValue());
            assertEquals(200, stage.call("GET", "/v1/runs", other, null).statusCode());
        }
    }

    @Test
    void caller_withAsManyStreamsAsMayBe_getsNoOtherUntilOneIsClosed(TestStack stack)
            throws Exception {
        AccessConfig few = keys(new CallerLimits(1_000, 1_000, 10, 1), List.of());
        try (ApiStage stage = new ApiStage(stack, few)) {
            // Given
            RunId run = stage.ledger.start(start());
            String key = stage.key("acme", Role.READER);
            String authorization = "Bearer " + key;
            String path = "/v1/runs/" + run + "/events";
            try (StreamReader stream = stage.stream(path, "Authorization", authorization)) {
                stream.read(1);

                // When
                HttpResponse<InputStream> refused;
                try (StreamReader another = stage.stream(path, "Authorization", authorization)) {
                    refused = another.response();
                }

                // Then
                assertEquals(429, refused.statusCode());
                assertEquals(200, stage.call("GET", path, key, null).statusCode());
            }
        }
    }

    private static final class QuietDeliveries implements Deliveries {
        @Override
        public Delivery next(Duration patience) {
            return Delivery.Signal.QUIET;
        }

        @Override
        public void close() {}
    }

    @Test
    void stream_ofACallerThatIsNotLetInAnyMore_isOver() throws InterruptedException {
        // Given
        AtomicBoolean good = new AtomicBoolean(true);
        Caller caller =
                new Caller("key:x", Role.READER, TenantScope.EVERY, Tenant.DEFAULT, good::get);
        WhileGood deliveries = new WhileGood(new QuietDeliveries(), caller);
        Delivery before = deliveries.next(Duration.ZERO);

        // When
        good.set(false);

        // Then
        assertEquals(Delivery.Signal.QUIET, before);
        assertEquals(Delivery.Signal.CLOSING, deliveries.next(Duration.ZERO));
    }

    @Test
    void changingCalls_ofKnownCallers_areAudited(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack, AccessConfig.KEYS)) {
            // Given
            RunId run = stage.ledger.start(start());
            String writer = stage.key("acme", Role.WRITER);
            String admin = stage.key("*", Role.ADMIN);
            String name = "key:" + writer.substring("outrun_".length(), "outrun_".length() + 12);

            // When
            HttpResponse<String> made =
                    stage.call("POST", "/v1/runs", writer, "{\"handler\":\"echo\"}");
            stage.call("GET", "/v1/runs/" + run, writer, null);
            stage.call("POST", "/v1/runs/" + run + "/cancel", writer, "{}");
            stage.call("POST", "/v1/runs/" + run + "/events", writer, "{\"type\":\"x\"}");
            stage.call("POST", "/v1/queues/default/pause", writer, null);
            stage.call("POST", "/v1/queues/default/pause", admin, null);
            stage.call("POST", "/v1/runs/a%20b/cancel", writer, "{}");
            stage.call("POST", "/v1/runs", null, "{\"handler\":\"echo\"}");
            stage.server.close();

            // Then
            String started = ApiStage.json(made).get("id").textValue();
            List<AuditEntry> audit = stage.access.audit(100);
            assertEquals(
                    Set.of(
                            "201 POST /v1/runs " + started,
                            "200 POST /v1/runs/{id}/cancel " + run,
                            "409 POST /v1/runs/{id}/events " + run,
                            "403 POST /v1/queues/{queue}/pause default",
                            "400 POST /v1/runs/{id}/cancel null"),
                    audit.stream()
                            .filter(entry -> entry.caller().equals(name))
                            .map(AccessTest::told)
                            .collect(Collectors.toSet()));
            assertEquals(
                    Set.of("acme", "default"),
                    audit.stream().map(AuditEntry::tenant).collect(Collectors.toSet()));
            assertEquals(6, audit.size());
            assertEquals("127.0.0.1", audit.getFirst().address());
        }
    }

    @Test
    void everyAnswer_tellsBrowsersToTrustItLittle(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack, AccessConfig.KEYS)) {
            for (String path : List.of("/", "/healthz", "/v1/runs", "/none", "/console.js")) {
                // When
                HttpResponse<String> answer = stage.get(path);

                // Then
                assertHeader(answer, "X-Content-Type-Options", "nosniff");
                assertHeader(answer, "X-Frame-Options", "DENY");
                assertHeader(answer, "Referrer-Policy", "no-referrer");
                assertHeader(answer, "Cache-Control", "no-store");
                assertHeader(answer, "Cross-Origin-Resource-Policy", "same-origin");
                assertTrue(
                        answer.headers()
                                .firstValue("Content-Security-Policy")
                                .orElseThrow()
                                .startsWith("default-src 'none';"));
                assertFalse(answer.headers().map().containsKey("Strict-Transport-Security"));
                assertFalse(answer.headers().map().containsKey("Access-Control-Allow-Origin"));
            }
        }
    }

    @Test
    void pages_ofNamedOrigins_mayCall_andNoOthers(TestStack stack) throws Exception {
        AccessConfig named = keys(CallerLimits.DEFAULT, List.of(APP));
        try (ApiStage stage = new ApiStage(stack, named)) {
            // Given
            String key = stage.key("acme", Role.WRITER);

            // When
            HttpResponse<String> asked = fromPage(stage, "OPTIONS", "/v1/runs", APP, null);
            HttpResponse<String> read = fromPage(stage, "GET", "/v1/runs", APP, key);
            HttpResponse<String> refused = fromPage(stage, "GET", "/v1/runs", APP, null);
            HttpResponse<String> changed = fromPage(stage, "POST", "/v1/runs", APP, key);
            HttpResponse<String> strange =
                    fromPage(stage, "POST", "/v1/runs", "https://evil.example", key);
            HttpResponse<String> stranger =
                    fromPage(stage, "OPTIONS", "/v1/runs", "https://evil.example", null);

            // Then
            assertEquals(204, asked.statusCode());
            assertHeader(asked, "Access-Control-Allow-Origin", APP);
            assertTrue(
                    asked.headers()
                            .firstValue("Access-Control-Allow-Headers")
                            .orElseThrow()
                            .contains("Authorization"));
            assertEquals(200, read.statusCode());
            assertHeader(read, "Access-Control-Allow-Origin", APP);
            assertHeader(read, "Vary", "Origin");
            assertEquals(401, refused.statusCode());
            assertHeader(refused, "Access-Control-Allow-Origin", APP);
            assertEquals(201, changed.statusCode());
            assertEquals(403, strange.statusCode());
            assertEquals(405, stranger.statusCode());
            assertFalse(stranger.headers().map().containsKey("access-control-allow-origin"));
        }
    }

    @Test
    void strangersPage_changesNothingOnAMachineThatAsksNobody(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // When
            HttpResponse<String> strange =
                    fromPage(
                            stage,
                            "POST",
                            "/v1/queues/default/pause",
                            "https://evil.example",
                            null);
            HttpResponse<String> own =
                    fromPage(
                            stage,
                            "POST",
                            "/v1/queues/default/pause",
                            "http://127.0.0.1:" + stage.server.port(),
                            null);
            String rebound = raw(stage, "GET /v1/runs HTTP/1.1\r\nHost: evil.example\r\n\r\n");

            // Then
            assertEquals(403, strange.statusCode());
            assertEquals(200, own.statusCode());
            assertTrue(rebound.startsWith("HTTP/1.1 403"), rebound);
            assertTrue(rebound.contains("forbidden"), rebound);
        }
    }

    @Test
    void headers_largerThanTheLimit_areRefused(TestStack stack) throws Exception {
        AccessConfig small =
                new AccessConfig(
                        Mode.NONE,
                        false,
                        2_048,
                        CallerLimits.DEFAULT,
                        Duration.ofDays(1),
                        List.of(),
                        null,
                        null);
        try (ApiStage stage = new ApiStage(stack, small)) {
            // When
            String refused =
                    raw(
                            stage,
                            "GET /healthz HTTP/1.1\r\nHost: x\r\nA: "
                                    + "x".repeat(2_048)
                                    + "\r\n\r\n");
            String taken =
                    raw(
                            stage,
                            "GET /healthz HTTP/1.1\r\nHost: x\r\nA: "
                                    + "x".repeat(1_024)
                                    + "\r\n\r\n");

            // Then
            assertTrue(refused.startsWith("HTTP/1.1 4"), refused);
            assertTrue(taken.startsWith("HTTP/1.1 200"), taken);
        }
    }

    @Test
    void address_thatOthersReach_isNotListenedOnWithoutKeysOrSayingSo() {
        // When
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> ApiConfig.on("0.0.0.0", 8080));

        // Then
        String said = String.valueOf(refusal.getMessage());
        assertTrue(said.contains("outrun key create"), said);
        ApiConfig keys = ApiConfig.on("0.0.0.0", 8080, AccessConfig.KEYS);
        assertEquals(AccessConfig.KEYS, keys.access());
        assertTrue(ApiConfig.on("0.0.0.0", 8080, insecure()).access().insecure());
    }

    @Test
    void settings_thatCannotBe_areRefusedByName() {
        assertThrows(IllegalArgumentException.class, () -> keys(LIMITS, List.of("example.com")));
        assertThrows(IllegalArgumentException.class, () -> keys(LIMITS, List.of(APP + "/path")));
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        new AccessConfig(
                                Mode.OIDC,
                                false,
                                4_096,
                                LIMITS,
                                Duration.ofDays(1),
                                List.of(),
                                null,
                                null));
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        new AccessConfig(
                                Mode.KEYS,
                                false,
                                1,
                                LIMITS,
                                Duration.ofDays(1),
                                List.of(),
                                null,
                                null));
    }

    private static AccessConfig insecure() {
        return new AccessConfig(
                Mode.NONE, true, 4_096, LIMITS, Duration.ofDays(1), List.of(), null, null);
    }

    private static AccessConfig keys(CallerLimits limits, List<String> origins) {
        return keys(limits, origins, null);
    }

    static AccessConfig keys(CallerLimits limits, List<String> origins, @Nullable TlsFiles tls) {
        return new AccessConfig(
                Mode.KEYS, false, 16 * 1024, limits, Duration.ofDays(1), origins, tls, null);
    }

    private static StartRun start() {
        return StartRun.with("echo", "{}").build().toBuilder().tenant(new Tenant("acme")).build();
    }

    private static String told(AuditEntry entry) {
        return entry.status() + " " + entry.call() + " " + entry.target();
    }

    private static HttpResponse<String> fromPage(
            ApiStage stage, String method, String path, String origin, @Nullable String key)
            throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(stage.uri(path)).header("Origin", origin);
        if (method.equals("OPTIONS")) {
            request.header("Access-Control-Request-Method", "POST");
        }
        if (key != null) {
            request.header("Authorization", "Bearer " + key);
        }
        boolean starts = method.equals("POST") && path.equals("/v1/runs");
        if (starts) {
            request.header("Content-Type", "application/json");
        }
        return stage.send(
                request.method(
                                method,
                                starts
                                        ? HttpRequest.BodyPublishers.ofString(
                                                "{\"handler\":\"echo\"}")
                                        : HttpRequest.BodyPublishers.noBody())
                        .build());
    }

    private static void assertHeader(HttpResponse<String> answer, String name, String value) {
        assertEquals(List.of(value), answer.headers().allValues(name), answer.uri().toString());
    }

    private static String raw(ApiStage stage, String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), stage.server.port())) {
            socket.getOutputStream().write(request.getBytes(ISO_8859_1));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        }
    }
}
