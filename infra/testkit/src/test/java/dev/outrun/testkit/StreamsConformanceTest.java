package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The Durable Streams protocol on the whole path, as its own suite and its own client see it. */
@ExtendWith(OutrunExtension.class)
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
@Isolated("the suite's tests have time limits of their own, of two seconds")
final class StreamsConformanceTest {

    /** Of the version that is installed: none may get lost. */
    private static final int SUITE_TESTS = 338;

    /** Longer than a long poll: vitest's own five seconds are not. */
    private static final String TEST_TIMEOUT_MS = "60000";

    private static final Pattern LISTED = Pattern.compile("- `([^`]+)`");

    private final NpmProject npm;

    StreamsConformanceTest() throws IOException, InterruptedException {
        npm = NpmProject.install();
    }

    @Test
    void suite_failsWhereTheGuideSaysSo_andNowhereElse(TestOutrun outrun) throws Exception {
        // When
        NpmProject.Output output =
                npm.run(
                        Map.of("OUTRUN_STREAMS", streams(outrun, "").toString()),
                        "node",
                        "node_modules/vitest/vitest.mjs",
                        "run",
                        "--reporter=json",
                        "--outputFile=report.json",
                        "--testTimeout=" + TEST_TIMEOUT_MS);

        // Then
        JsonNode report = WireJson.mapper().readTree(npm.read("report.json"));
        assertEquals(SUITE_TESTS, report.get("numTotalTests").intValue(), output.text());
        Set<String> notPassed = new TreeSet<>();
        for (JsonNode test : report.get("testResults").get(0).get("assertionResults")) {
            if (!test.get("status").textValue().equals("passed")) {
                notPassed.add(test.get("fullName").textValue());
            }
        }
        assertEquals(listed(), notPassed, () -> failures(report));
    }

    @ParameterizedTest
    @ValueSource(strings = {"false", "long-poll", "sse"})
    void client_thatReadsARun_hasItsLog(String live, TestOutrun outrun) throws Exception {
        // Given
        RunId run = outrun.start("chat-demo", "{\"rate\":400}");
        if (live.equals("false")) {
            outrun.awaitEnd(run);
        }

        // When
        NpmProject.Output output =
                npm.run(
                        Map.of(),
                        "node",
                        "read.js",
                        streams(outrun, run.toString()).toString(),
                        live);

        // Then
        assertEquals(0, output.exitCode(), output.text());
        JsonNode page = outrun.api().get("/v1/runs/" + run + "/events?limit=100000");
        assertEquals(trees(page.get("events")), trees(output.lines()));
        assertEquals(page.get("next").intValue(), output.lines().size());
    }

    @Test
    void messages_ofAStream_areEventsOfItsRunEverywhere(TestOutrun outrun) throws Exception {
        // Given
        RunId run;
        try (HttpClient http = HttpClient.newHttpClient()) {
            send(http, outrun, "PUT", "application/json", "[{\"n\":1}]");
            run = outrun.ledger().streams().find(Tenant.DEFAULT, "agents/7", false).run().id();

            // When
            send(http, outrun, "POST", "application/json", "[{\"n\": 2}, \"\u20ac\"]");
            HttpRequest close =
                    HttpRequest.newBuilder(streams(outrun, "agents/7"))
                            .header("Stream-Closed", "true")
                            .POST(BodyPublishers.noBody())
                            .build();
            assertEquals(204, http.send(close, BodyHandlers.discarding()).statusCode());
        }

        // Then
        List<Event> log = outrun.awaitEnd(run);
        assertEquals(
                List.of("run.requested", "message", "message", "message", "run.completed"),
                LogAssert.types(log));
        assertEquals("{\"n\": 2}", LogAssert.data(log.get(2)));
        LogAssert.assertSameLogEverywhere(outrun, run);
    }

    private static void send(
            HttpClient http, TestOutrun outrun, String method, String type, String body)
            throws IOException, InterruptedException {
        HttpResponse<Void> response =
                http.send(
                        HttpRequest.newBuilder(streams(outrun, "agents/7"))
                                .header("Content-Type", type)
                                .method(method, BodyPublishers.ofString(body))
                                .build(),
                        BodyHandlers.discarding());
        assertEquals(2, response.statusCode() / 100);
    }

    private static URI streams(TestOutrun outrun, String name) {
        URI root = outrun.url().resolve("/v1/streams");
        return name.isEmpty() ? root : URI.create(root + "/" + name);
    }

    /** The tests that the guide lists as not passing. */
    private static Set<String> listed() throws IOException {
        Set<String> names =
                LISTED.matcher(Files.readString(Path.of("../../docs/STREAMS.md")))
                        .results()
                        .map(match -> match.group(1))
                        .collect(Collectors.toCollection(TreeSet::new));
        assertFalse(names.isEmpty());
        return names;
    }

    private static String failures(JsonNode report) {
        List<String> lines = new ArrayList<>();
        for (JsonNode test : report.get("testResults").get(0).get("assertionResults")) {
            for (JsonNode message : test.get("failureMessages")) {
                String text = message.textValue();
                lines.add(
                        test.get("fullName").textValue()
                                + ": "
                                + text.substring(0, Math.min(text.length(), 600)));
            }
        }
        return String.join("\n", lines);
    }

    private static List<JsonNode> trees(JsonNode array) {
        List<JsonNode> trees = new ArrayList<>();
        array.forEach(trees::add);
        return trees;
    }

    private static List<JsonNode> trees(List<String> lines) throws IOException {
        List<JsonNode> trees = new ArrayList<>();
        for (String line : lines) {
            trees.add(WireJson.mapper().readTree(line));
        }
        return trees;
    }
}
