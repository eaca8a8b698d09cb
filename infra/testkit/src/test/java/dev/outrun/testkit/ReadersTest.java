package dev.outrun.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.api.access.AccessConfig;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** One run as programs that have nothing of ours read it: all of them read the same. */
@ExtendWith(TestStackExtension.class)
@Timeout(300) // a browser starts slowly where others are at work
@Execution(ExecutionMode.SAME_THREAD) // one of those at a time that start processes
final class ReadersTest {

    /** What somebody on the way may take for something else. */
    private static final List<String> DATA =
            List.of(
                    "\"a\\nb\\r\\n\\u2028c\"",
                    "{\"text\": \"€ 😀 \\\\ \\\"\", \"n\": 9007199254740991}",
                    "[1,\n2,\n\n 3]",
                    "null",
                    "\"data: x\\n\\nevent: y\"",
                    "1e300");

    private final Path folder;

    ReadersTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void readersOfAllKinds_readTheSameRun(TestStack stack) throws Exception {
        try (Browser browser = new Browser();
                TestOutrun outrun =
                        TestOutrun.start(
                                stack,
                                Map.of(),
                                config -> config.withAccess(letting(browser.origin())))) {
            // Given
            outrun.ledger().registerHandlers(List.of("nobodys"));
            RunId run = outrun.start("nobodys", "1");
            for (String data : DATA) {
                outrun.ledger().append(run, null, "[{\"type\":\"said\",\"data\":" + data + "}]");
            }
            outrun.ledger().cancel(run, "it is over");
            List<Event> log = outrun.awaitEnd(run);
            List<String> wanted = LogAssert.envelopes(log);

            // When
            String events = outrun.url() + "/v1/runs/" + run + "/events";
            List<String> curl =
                    sse(output("curl", "-sN", "-H", "Accept: text/event-stream", events));
            List<String> eventSource = texts(browser.run(script(events), folder));
            List<JsonNode> python = trees(python(outrun.url(), run));
            List<JsonNode> npm = trees(npm(outrun.url(), run));
            List<JsonNode> kcat = trees(kcat(stack, run));

            // Then
            assertEquals(wanted, curl);
            assertEquals(wanted, eventSource);
            assertEquals(trees(String.join("\n", flat(wanted))), python);
            assertEquals(trees(String.join("\n", flat(wanted))), npm);
            assertEquals(
                    log.stream().map(Event::seq).toList(),
                    kcat.stream().map(each -> each.get("offset").longValue()).toList());
            assertEquals(
                    log.stream().map(LogAssert::data).toList(),
                    kcat.stream().map(each -> each.get("payload").textValue()).toList());
        }
    }

    private static AccessConfig letting(URI origin) {
        AccessConfig none = AccessConfig.NONE;
        return new AccessConfig(
                none.mode(),
                none.insecure(),
                none.headerBytesMax(),
                none.limits(),
                none.auditRetention(),
                List.of(origin.toString()),
                null,
                null);
    }

    /** Collects the data of each event until the log's end, when the browser closes the source. */
    private static String script(String events) {
        return """
        const seen = []
        const source = new EventSource("%s")
        const take = event => {
            seen.push(event.data)
            if (event.type === "run.cancelled") {
                source.close()
                done(JSON.stringify(seen))
            }
        }
        for (const type of ["run.requested", "said", "run.cancel.requested", "run.cancelled"]) source.addEventListener(type, take)
        """
                .formatted(events);
    }

    private static String python(URI url, RunId run) throws IOException, InterruptedException {
        return output(
                "python3",
                PythonWorker.EXAMPLES.resolve("read.py").toString(),
                url.toString(),
                run.toString());
    }

    private static String npm(URI url, RunId run) throws IOException, InterruptedException {
        NpmProject.Output output =
                NpmProject.install()
                        .run(Map.of(), "node", "read.js", url + "/v1/streams/" + run, "sse");
        assertEquals(0, output.exitCode(), output.text());
        return output.text();
    }

    private static String kcat(TestStack stack, RunId run)
            throws IOException, InterruptedException {
        return output(
                "kcat",
                "-C",
                "-b",
                stack.bootstrapServers(),
                "-t",
                stack.topics().run(Tenant.DEFAULT, run),
                "-o",
                "beginning",
                "-e",
                "-q",
                "-J");
    }

    private static String output(String... command) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        process.getOutputStream().close();
        String text = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertEquals(0, process.waitFor(), String.join(" ", command));
        return text;
    }

    /** The data of each event of an event stream. */
    private static List<String> sse(String stream) {
        List<String> events = new ArrayList<>();
        StringJoiner data = new StringJoiner("\n");
        for (String line : stream.split("\n", -1)) {
            if (line.startsWith("data: ")) {
                data.add(line.substring("data: ".length()));
            } else if (line.isEmpty() && data.length() > 0) {
                events.add(data.toString());
                data = new StringJoiner("\n");
            }
        }
        return events;
    }

    private static List<String> texts(String array) throws IOException {
        List<String> texts = new ArrayList<>();
        WireJson.mapper().readTree(array).forEach(each -> texts.add(each.textValue()));
        return texts;
    }

    /** Each on a line. */
    private static List<String> flat(List<String> envelopes) {
        return envelopes.stream().map(each -> each.replace("\n", " ")).toList();
    }

    private static List<JsonNode> trees(String lines) throws IOException {
        List<JsonNode> trees = new ArrayList<>();
        for (String line : lines.lines().toList()) {
            trees.add(WireJson.mapper().readTree(line));
        }
        return trees;
    }
}
