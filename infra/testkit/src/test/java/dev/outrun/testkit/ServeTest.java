package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.connector.topic.Consumers;
import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.LedgerConfig;
import dev.outrun.ledger.PostgresLedger;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.server.cli.ApiClient;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Processes of {@code outrun serve} over a Postgres and a broker that are there already. */
@ExtendWith(TestStackExtension.class)
@Timeout(600) // processes start slowly where others are at work
@Execution(ExecutionMode.SAME_THREAD) // one of those at a time that start processes
final class ServeTest {

    private static final int MISUSED = 2;
    private static final int REFUSED = 3;

    private final TestStack stack;
    private final Path folder;

    ServeTest(TestStack stack, @TempDir Path folder) {
        this.stack = stack;
        this.folder = folder;
    }

    @Test
    void roles_inProcessesOfTheirOwn_formOneOutrun() throws Exception {
        List<ServeProcess> processes = List.of();
        try (HttpClient http = HttpClient.newHttpClient()) {
            // Given
            processes = startAll("api", "connector", "engine", "worker");
            ServeProcess api = processes.getFirst();

            // When
            String echo = api.api().start("echo", "{\"a\": 1}").get("id").asText();
            String greet = api.api().start("greet", "null").get("id").asText();

            // Then
            assertEquals("completed", api.api().follow(echo, 0, _ -> {}));
            List<String> types = new ArrayList<>();
            assertEquals("completed", api.api().follow(greet, 0, line -> types.add(line.type())));
            assertEquals(
                    List.of("run.requested", "run.attempt.started", "greeting", "run.completed"),
                    types);
            List<Set<String>> parts = new ArrayList<>();
            for (ServeProcess process : processes) {
                parts.add(parts(http, process.url()));
                assertEquals(200, get(http, process.url(), "/healthz").statusCode());
                assertTrue(
                        get(http, process.url(), "/metrics")
                                .body()
                                .contains("jvm_memory_used_bytes"));
            }
            assertEquals(
                    List.of(
                            Set.of("hub", "leases"),
                            Set.of("connector", "slot"),
                            Set.of("engine", "recorder"),
                            Set.of("worker")),
                    parts);
            assertEquals(404, get(http, processes.getLast().url(), "/v1/runs").statusCode());
        } finally {
            processes.forEach(ServeProcess::close);
        }
    }

    @Test
    void stoppedProcess_letsHandlersEndWithinTheGrace_andHandsTheOthersBack() throws Exception {
        try (PostgresLedger ledger =
                        PostgresLedger.open(new LedgerConfig(stack.postgres(), 1, "test"));
                ServeProcess process = ServeProcess.start(config(), "--instance", "all")) {
            // Given
            ApiClient api = process.api();
            RunId talks = start(api, "chat-demo", "{\"rate\": 200}", 6);
            RunId sleeps = start(api, "sleeper", "null", 2);

            // When
            process.stop();

            // Then
            assertEquals(RunStatus.COMPLETED, ledger.run(talks).orElseThrow().status());
            assertEquals(1, ledger.run(talks).orElseThrow().attempt());
            assertPublished(ledger, talks);
            Event end =
                    ledger.events(sleeps, 0, 100).stream()
                            .filter(event -> event.type().equals("run.attempt.failed"))
                            .findFirst()
                            .orElseThrow();
            JsonNode why = WireJson.mapper().readTree(end.data());
            assertEquals("worker_stopped", why.at("/error/code").asText());
        }
    }

    @Test
    void badSetting_stopsTheStart_withOneLine() throws Exception {
        // Given
        Path config = config();
        Files.writeString(config, Files.readString(config).replace("samples", "smaples"));

        // When
        ServeProcess.Ended ended = ServeProcess.run(config);

        // Then
        assertEquals(
                new ServeProcess.Ended(
                        MISUSED,
                        "outrun: worker.smaples is no setting (in "
                                + config
                                + "); is worker.samples meant?\n"),
                ended);
    }

    @Test
    void unreachableParts_stopTheStart_withALineForEach() throws Exception {
        // When
        ServeProcess.Ended ended =
                ServeProcess.run(
                        config(),
                        "--set",
                        "kafka.bootstrap_servers=127.0.0.1:1",
                        "--set",
                        "postgres.url=postgresql://me:hush@127.0.0.1:1/app");

        // Then
        List<String> lines =
                ended.said().lines().filter(line -> line.startsWith("outrun: ")).toList();
        assertEquals(REFUSED, ended.status());
        assertEquals(2, lines.size(), ended.said());
        String postgres = "outrun: postgres.url is me@127.0.0.1:1/app, which does not answer";
        String kafka = "outrun: kafka.bootstrap_servers is 127.0.0.1:1, which do not answer";
        assertTrue(lines.get(0).startsWith(postgres), ended.said());
        assertTrue(lines.get(1).startsWith(kafka), ended.said());
        assertFalse(ended.said().contains("hush"));
        assertFalse(ended.said().contains("\tat "), ended.said());
    }

    private List<ServeProcess> startAll(String... roles) throws Exception {
        Path config = config();
        List<Future<ServeProcess>> starts = new ArrayList<>();
        try (ExecutorService starters = Executors.newVirtualThreadPerTaskExecutor()) {
            for (String role : roles) {
                starts.add(
                        starters.submit(() ->
                                ServeProcess.start(config, "--roles", role, "--instance", role)));
            }
        }
        List<ServeProcess> started =
                starts.stream()
                        .filter(start -> start.state() == Future.State.SUCCESS)
                        .map(Future::resultNow)
                        .toList();
        if (started.size() < starts.size()) {
            started.forEach(ServeProcess::close);
        }
        for (Future<ServeProcess> start : starts) {
            start.get(); // throws where it has failed
        }
        return started;
    }

    private Path config() throws IOException {
        PostgresAddress postgres = stack.postgres();
        return Files.writeString(
                folder.resolve("outrun.yaml"),
                """
                state_dir: %s
                topic_prefix: %s
                postgres:
                  url: postgresql://%s@%s:%d/%s
                  password: '%s'
                  connections: 4
                  migrate: true
                kafka:
                  bootstrap_servers: %s
                connector:
                  slot: %s
                worker:
                  samples: true
                  close_grace: PT10S
                """
                        .formatted(
                                folder.resolve("state"),
                                stack.topics().prefix(),
                                postgres.user(),
                                postgres.host(),
                                postgres.port(),
                                postgres.database(),
                                postgres.password(),
                                stack.bootstrapServers(),
                                stack.slot()));
    }

    /** Starts a run, and returns when so many of its events were seen. */
    private static RunId start(ApiClient api, String handler, String input, int events)
            throws InterruptedException {
        String run = api.start(handler, input).get("id").asText();
        CountDownLatch seen = new CountDownLatch(events);
        Thread.ofVirtual().start(() -> api.follow(run, 0, _ -> seen.countDown()));
        seen.await();
        return RunId.parse(run);
    }

    private void assertPublished(Ledger ledger, RunId run) {
        long events = ledger.run(run).orElseThrow().nextSeq();
        String topic = stack.topics().run(Tenant.DEFAULT, run);
        try (var consumer = Consumers.create(stack.kafka(), "outrun-test")) {
            assertEquals(
                    Map.of(new TopicPartition(topic, 0), events),
                    consumer.endOffsets(Consumers.assign(consumer, topic, Duration.ofMinutes(1))));
        }
    }

    private static Set<String> parts(HttpClient http, URI url) throws Exception {
        HttpResponse<String> ready = get(http, url, "/readyz");
        assertEquals(200, ready.statusCode(), ready.body());
        Set<String> names = new TreeSet<>();
        WireJson.mapper()
                .readTree(ready.body())
                .get("parts")
                .forEach(part -> names.add(part.get("name").asText()));
        return names;
    }

    private static HttpResponse<String> get(HttpClient http, URI url, String path)
            throws Exception {
        return http.send(
                HttpRequest.newBuilder(url.resolve(path)).build(), BodyHandlers.ofString());
    }
}
