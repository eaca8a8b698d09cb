package dev.outrun.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.api.access.AccessConfig;
import dev.outrun.api.hub.HubConfig;
import dev.outrun.api.hub.Lanes;
import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.access.ApiKey;
import dev.outrun.ledger.access.KeyText;
import dev.outrun.ledger.access.Role;
import dev.outrun.ledger.access.TenantScope;
import dev.outrun.ledger.memory.InMemoryAccessLedger;
import dev.outrun.ledger.memory.InMemoryLedger;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.teststack.TestStack;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A server over a ledger in memory, every event of which is on the firehose at once. */
final class ApiStage implements AutoCloseable {

    static final HubConfig HUB =
            new HubConfig(
                    200,
                    4,
                    512,
                    128 * 1024,
                    2,
                    256 * 1024,
                    Duration.ofHours(1),
                    Duration.ofHours(1),
                    Duration.ofHours(1),
                    Duration.ofHours(1));

    final InMemoryLedger ledger = new InMemoryLedger(InstantSource.system(), this::publish);
    final InMemoryAccessLedger access = new InMemoryAccessLedger();
    final AtomicInteger minted = new AtomicInteger();

    /** Whether no further run may be started. */
    volatile boolean full;

    final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    final ApiServer server;
    private final Lanes lanes;
    private final HttpClient client = HttpClient.newHttpClient();

    ApiStage(TestStack stack) {
        this(stack, HUB, List.of());
    }

    ApiStage(TestStack stack, HubConfig hub, List<Readiness> checks) {
        this(stack, config -> config.withHub(hub), checks);
    }

    ApiStage(TestStack stack, AccessConfig access) {
        this(stack, config -> config.withHub(HUB).withAccess(access), List.of());
    }

    /** Those who wait for what comes next wait at most so long. */
    ApiStage(TestStack stack, Duration longPoll) {
        this(stack, config -> config.withHub(HUB).withLongPoll(longPoll), List.of());
    }

    private ApiStage(TestStack stack, UnaryOperator<ApiConfig> settings, List<Readiness> checks) {
        ledger.registerHandlers(List.of("echo", "chat-demo"));
        lanes = new Lanes(stack.bootstrapServers(), stack.topics(), ledger.shards());
        server =
                ApiServer.start(
                        settings.apply(ApiConfig.on(ApiConfig.LOOPBACK, 0)),
                        ledger,
                        access,
                        tenant -> mint(),
                        stack.topics(),
                        stack.kafka(),
                        checks,
                        registry);
    }

    /** Makes a key and returns its text. */
    String key(String tenant, Role role) {
        return key(tenant, role, null);
    }

    /** The same, that expires then. */
    String key(String tenant, Role role, @Nullable Instant expiresAt) {
        KeyText text = KeyText.mint(new SecureRandom());
        access.addKey(
                ApiKey.made(text, TenantScope.of(tenant), role, "test", Instant.now(), expiresAt));
        return text.text();
    }

    /** A call with this key; null bodies and keys are none. */
    HttpResponse<String> call(
            String method, String path, @Nullable String key, @Nullable String body)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(path));
        if (key != null) {
            request.header("Authorization", "Bearer " + key);
        }
        if (body == null) {
            request.method(method, HttpRequest.BodyPublishers.noBody());
        } else {
            request.header("Content-Type", "application/json")
                    .method(method, HttpRequest.BodyPublishers.ofString(body));
        }
        return send(request.build());
    }

    /** Starts a run of a handler that nobody runs. */
    RunId start() {
        return ledger.start(StartRun.of("echo", "{}"));
    }

    /** Appends an event of a user's with these data. */
    void append(RunId run, String data) {
        ledger.append(run, null, "[{\"type\":\"token.delta\",\"data\":" + data + "}]");
    }

    /** Appends an attempt's start and the run's end. */
    void finish(RunId run) {
        ledger.claim(run, 1, "worker");
        ledger.complete(run, 1, "1");
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri(path)).GET().build());
    }

    HttpResponse<String> post(String path, @Nullable String body)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(path));
        return send(
                body == null
                        ? request.POST(HttpRequest.BodyPublishers.noBody()).build()
                        : request.header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build());
    }

    HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    /** Opens an event stream; header names and values in turn. */
    StreamReader stream(String path, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(uri(path)).header("Accept", "text/event-stream");
        if (headers.length > 0) {
            request.headers(headers);
        }
        return new StreamReader(
                client.send(request.GET().build(), HttpResponse.BodyHandlers.ofInputStream()));
    }

    static JsonNode json(HttpResponse<String> response) throws IOException {
        return WireJson.mapper().readTree(response.body());
    }

    @Override
    public void close() {
        server.close();
        client.shutdownNow(); // whatever a test has left unread
        client.close();
        lanes.close();
    }

    private RunId mint() {
        if (full) {
            throw new OutrunException(ErrorCode.TOO_MANY_RUNS, "there are 3 run topics");
        }
        minted.incrementAndGet();
        return RunId.mint(InstantSource.system(), new SplittableRandom());
    }

    private void publish(int shard, Event event) {
        lanes.live(shard, List.of(event));
    }
}
