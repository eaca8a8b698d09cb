package dev.outrun.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.schema.analytics.Sketch;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.server.cli.Main;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The windows that the API serves are what SQL makes of the log. */
@ExtendWith(OutrunExtension.class)
final class AnalyticsTest {

    private static final List<String> COUNTS =
            List.of(
                    "requested",
                    "started",
                    "completed",
                    "failed",
                    "cancelled",
                    "retried",
                    "events",
                    "bytes");
    private static final List<String> TIMINGS =
            List.of("queue_wait_ms", "duration_ms", "first_event_ms");

    /** Half the last digit of the database's clock. */
    private static final double MS_DELTA = 0.0005;

    @Test
    void windows_ofManyRuns_areWhatSqlMakesOfTheirLogs(TestOutrun outrun) throws Exception {
        // Given
        runOfEveryKind(outrun);

        // When
        awaitEvents(outrun, events(outrun));

        // Then
        assertSame(outrun, "PT1M", "1 minute", "queue_and_handler", true, true);
        assertSame(outrun, "PT5M", "5 minutes", "queue", true, false);
        assertSame(outrun, "PT1H", "1 hour", "handler", false, true);
        assertSame(outrun, "PT24H", "1 day", "all", false, false);
    }

    @Test
    void windows_afterARestart_goOnWhereTheyWere(TestOutrun outrun) throws Exception {
        // Given
        runOfEveryKind(outrun);

        // When
        outrun.restart();
        runOfEveryKind(outrun);

        // Then
        awaitEvents(outrun, events(outrun));
        assertSame(outrun, "PT1M", "1 minute", "queue_and_handler", true, true);
        assertSame(outrun, "PT24H", "1 day", "all", false, false);
        String url = outrun.url().toString();
        assertEquals(0, Main.run("analytics", "--url", url));
        assertEquals(0, Main.run("analytics", "--json", "--by", "ALL", "--url", url));
        assertEquals(3, Main.run("analytics", "--window", "PT90S", "--url", url));
        assertEquals(2, Main.run("analytics", "--by", "COLOUR", "--url", url));
    }

    private static void runOfEveryKind(TestOutrun outrun) {
        List<RunId> runs = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            runs.add(start(outrun, "echo", "{\"é\":" + i + "}", i % 2 == 0 ? "default" : "bulk"));
            runs.add(start(outrun, "chat-demo", "{\"rate\":0,\"tokens\":" + i * 9 + "}", "bulk"));
        }
        runs.add(start(outrun, "flaky", "{}", "default"));
        runs.add(start(outrun, "flaky", "{}", "bulk"));
        runs.add(start(outrun, "chat-demo", "{\"rate\":-1}", "default"));
        RunId cancelled = start(outrun, "sleeper", "{}", "default");
        runs.add(cancelled);
        outrun.api().cancel(cancelled.toString(), "enough");
        runs.forEach(outrun::awaitEnd);
    }

    private static RunId start(TestOutrun outrun, String handler, String input, String queue) {
        var more = WireJson.mapper().createObjectNode().put("queue", queue);
        return RunId.parse(outrun.api().start(handler, input, more).get("id").asText());
    }

    private static long events(TestOutrun outrun) throws SQLException {
        try (Connection database = outrun.stack().dataSource().getConnection();
                PreparedStatement count =
                        database.prepareStatement("select count(*) from outrun.run_event");
                ResultSet row = count.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    /** Follows the windows until they have so many events. */
    private static void awaitEvents(TestOutrun outrun, long wanted) throws Exception {
        Map<String, Long> events = new HashMap<>();
        URI url = outrun.url().resolve("/v1/analytics/windows");
        HttpRequest request =
                HttpRequest.newBuilder(url).header("Accept", "text/event-stream").build();
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpResponse<InputStream> response =
                    http.send(request, HttpResponse.BodyHandlers.ofInputStream());
            assertEquals(200, response.statusCode());
            try (var lines = new BufferedReader(new InputStreamReader(response.body(), UTF_8))) {
                while (events.values().stream().mapToLong(Long::longValue).sum() < wanted) {
                    String line = Objects.requireNonNull(lines.readLine(), "the stream has ended");
                    if (line.startsWith("data: ")) {
                        JsonNode window = WireJson.mapper().readTree(line.substring(6));
                        events.put(place(window), window.get("events").asLong());
                    }
                }
            }
            http.shutdownNow();
        }
        assertEquals(wanted, events.values().stream().mapToLong(Long::longValue).sum());
    }

    private static void assertSame(
            TestOutrun outrun,
            String window,
            String interval,
            String by,
            boolean queues,
            boolean handlers)
            throws SQLException, IOException {
        JsonNode served = outrun.api().get("/v1/analytics/windows?window=" + window + "&by=" + by);
        List<String> places = new ArrayList<>();
        List<String> expectedPlaces = new ArrayList<>();
        served.get("windows").forEach(each -> places.add(place(each)));
        try (Connection database = outrun.stack().dataSource().getConnection();
                PreparedStatement windows = database.prepareStatement(sql())) {
            windows.setString(1, interval);
            windows.setBoolean(2, queues);
            windows.setBoolean(3, handlers);
            try (ResultSet row = windows.executeQuery()) {
                for (int i = 0; row.next(); i++) {
                    String place =
                            row.getString("start")
                                    + " "
                                    + row.getString("queue")
                                    + " "
                                    + row.getString("handler");
                    expectedPlaces.add(place);
                    assertTrue(i < served.get("windows").size(), "missing: " + place);
                    assertSame(row, served.get("windows").get(i));
                }
            }
        }
        assertEquals(expectedPlaces, places);
    }

    private static void assertSame(ResultSet row, JsonNode served)
            throws SQLException, IOException {
        for (String count : COUNTS) {
            assertEquals(row.getLong(count), served.get(count).asLong(), count + " of " + served);
        }
        String timings = row.getString("timings");
        JsonNode expected = WireJson.mapper().readTree(timings == null ? "{}" : timings);
        for (String timing : TIMINGS) {
            JsonNode exact = expected.path(timing);
            JsonNode told = served.get(timing);
            assertEquals(exact.path("count").asLong(), told.get("count").asLong(), timing);
            if (exact.path("count").asLong() > 0) {
                assertEquals(exact.get("max").asDouble(), told.get("max").asDouble(), MS_DELTA);
                for (String percentile : List.of("p50", "p90", "p99")) {
                    double value = exact.get(percentile).asDouble();
                    assertEquals(
                            value,
                            told.get(percentile).asDouble(),
                            value * Sketch.RELATIVE_ERROR + MS_DELTA,
                            percentile + " of " + timing + " of " + served);
                }
            }
        }
    }

    private static String place(JsonNode window) {
        return window.get("start").asText()
                + " "
                + window.get("queue").asText()
                + " "
                + window.get("handler").asText();
    }

    private static String sql() throws IOException {
        try (InputStream in = AnalyticsTest.class.getResourceAsStream("/windows.sql")) {
            return new String(Objects.requireNonNull(in).readAllBytes(), UTF_8);
        }
    }
}
