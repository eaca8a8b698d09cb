package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.connector.topic.RunTopicLimits;
import dev.outrun.ledger.Run;
import dev.outrun.ledger.RunQuery;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The life of run topics, as the API's clients see it. */
final class RunTopicsTest {

    /** More than are made ahead. */
    private static final int RUN_TOPICS_MAX = 40;

    @RegisterExtension
    static final OutrunExtension OUTRUN =
            new OutrunExtension()
                    .configured(config ->
                            config.withRunTopics(
                                    new RunTopicLimits(Duration.ofHours(1), RUN_TOPICS_MAX)));

    @Test
    void run_whoseTopicWasReaped_isReadAsBefore(TestOutrun outrun) throws Exception {
        // Given
        RunId run = outrun.start("chat-demo", "{\"rate\":0}");
        List<Event> log = outrun.awaitEnd(run);
        outrun.drain();
        List<String> before = read(outrun, run, log.size());

        // When
        finishedLongAgo(outrun);
        outrun.sweepRunTopics();

        // Then
        JsonNode shown = outrun.api().get("/v1/runs/" + run);
        assertTrue(shown.get("topic_deleted_at").isTextual(), shown.toString());
        assertTrue(isGone(outrun, run));
        assertEquals(before, read(outrun, run, log.size()));
        RunId next = outrun.start("echo", "1");
        outrun.awaitEnd(next);
        LogAssert.assertSameLogEverywhere(outrun, next);
    }

    @Test
    void run_whoseEventsAreNotKept_isGone(TestOutrun outrun) throws Exception {
        // Given
        RunId run = outrun.start("echo", "1");
        int events = outrun.awaitEnd(run).size();
        JsonNode before = outrun.api().get("/v1/runs/" + run);
        outrun.drain();
        finishedLongAgo(outrun);
        outrun.sweepRunTopics();

        // When
        dropDayOf(outrun, run);

        // Then
        JsonNode shown = outrun.api().get("/v1/runs/" + run);
        assertEquals(before.get("output"), shown.get("output"));
        String path = "/v1/runs/" + run + "/events";
        Map<String, String> stream = Map.of("Accept", "text/event-stream");
        try (HttpClient http = HttpClient.newHttpClient()) {
            for (String gone :
                    List.of(
                            get(http, outrun, path, Map.of()),
                            get(http, outrun, path + "?from=1&limit=1", Map.of()),
                            get(http, outrun, path, stream),
                            get(http, outrun, "/v1/events?runs=" + run, stream))) {
                assertTrue(gone.startsWith("410 "), gone);
                assertTrue(gone.contains("\"code\":\"expired\""), gone);
            }
            assertEquals("204 ", get(http, outrun, path + "?from=" + events, stream));
        }
        RunId next = outrun.start("echo", "1");
        outrun.awaitEnd(next);
        LogAssert.assertSameLogEverywhere(outrun, next);
    }

    @Test
    void starts_atTheLimit_areRefusedUntilTopicsHaveGone(TestOutrun outrun) throws Exception {
        // Given
        List<RunId> started = new ArrayList<>();
        OutrunException refusal = null;
        while (refusal == null && started.size() <= RUN_TOPICS_MAX) {
            try {
                started.add(outrun.start("echo", "1"));
            } catch (OutrunException e) {
                refusal = e;
            }
        }

        // Then
        assertEquals(ErrorCode.TOO_MANY_RUNS, refusal == null ? null : refusal.code());
        assertEquals(started.reversed(), runs(outrun));

        // When
        for (RunId run : started) {
            outrun.awaitEnd(run);
        }
        outrun.drain();
        finishedLongAgo(outrun);
        outrun.sweepRunTopics();

        // Then
        RunId next = outrun.start("echo", "2");
        outrun.awaitEnd(next);
        LogAssert.assertSameLogEverywhere(outrun, next);
    }

    /** What JSON and SSE give from every few seqs on. */
    private static List<String> read(TestOutrun outrun, RunId run, int events)
            throws IOException, InterruptedException {
        List<String> read = new ArrayList<>();
        String path = "/v1/runs/" + run + "/events";
        try (HttpClient http = HttpClient.newHttpClient()) {
            for (int from = 0; from <= events; from += 1 + events / 10) {
                read.add(get(http, outrun, path + "?limit=100000&from=" + from, Map.of()));
                read.add(get(http, outrun, path + "?limit=3&from=" + from, Map.of()));
                read.add(
                        get(
                                http,
                                outrun,
                                path,
                                Map.of(
                                        "Accept",
                                        "text/event-stream",
                                        "Last-Event-ID",
                                        Integer.toString(from))));
            }
        }
        return read;
    }

    private static String get(
            HttpClient http, TestOutrun outrun, String path, Map<String, String> headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(outrun.url().resolve(path));
        headers.forEach(request::header);
        HttpResponse<String> response =
                http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        return response.statusCode() + " " + response.body();
    }

    /**
     * As if it were long over: the time for which runs are kept ends tomorrow. The connector says
     * within a second or two that all is published.
     */
    private static void dropDayOf(TestOutrun outrun, RunId run) {
        Instant created = outrun.ledger().run(run).orElseThrow().createdAt();
        LocalDate day = LocalDate.ofInstant(created, ZoneOffset.UTC);
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (outrun.ledger().dropDay(Duration.ofDays(-1)).filter(day::equals).isEmpty()) {
            assertTrue(System.nanoTime() < deadline, "the day is needed");
        }
    }

    private static void finishedLongAgo(TestOutrun outrun) throws SQLException {
        try (Connection connection = outrun.stack().dataSource().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(
                    "update outrun.run set finished_at = finished_at - interval '2 hours'");
        }
    }

    /** Whether the broker lists the run's topic no more, which it may for a moment. */
    private static boolean isGone(TestOutrun outrun, RunId run) throws Exception {
        String topic = outrun.stack().topics().run(Tenant.DEFAULT, run);
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        try (Admin admin =
                Admin.create(Map.of("bootstrap.servers", outrun.stack().bootstrapServers()))) {
            Set<String> names = admin.listTopics().names().get();
            while (names.contains(topic) && System.nanoTime() < deadline) {
                names = admin.listTopics().names().get();
            }
            return !names.contains(topic);
        }
    }

    private static List<RunId> runs(TestOutrun outrun) {
        return outrun.ledger().runs(RunQuery.all(Tenant.DEFAULT, 1_000)).stream()
                .map(Run::id)
                .toList();
    }
}
