package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.run.RunId;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What {@code /metrics} serves is what docs/METRICS.md lists. */
@ExtendWith(OutrunExtension.class)
final class MetricsTest {

    private static final Pattern SERVED =
            Pattern.compile("^# TYPE (outrun_\\w+) (\\w+)$", Pattern.MULTILINE);
    private static final Pattern LISTED =
            Pattern.compile("^\\| `(outrun_\\w+)` \\| (\\w+) \\|", Pattern.MULTILINE);

    @Test
    void meters_served_areExactlyThoseOfTheTable(TestOutrun outrun) throws Exception {
        // Given
        Map<String, String> listed =
                found(LISTED, Files.readString(Path.of("../../docs/METRICS.md")));
        RunId run = outrun.start("echo", "1");
        outrun.awaitEnd(run);
        outrun.drain();

        // When
        String text;
        try (HttpClient client = HttpClient.newHttpClient()) {
            scrape(client, outrun); // a request itself, which the next one of this connection shows
            text = scrape(client, outrun);
        }

        // Then
        Map<String, String> served = found(SERVED, text);
        served.keySet()
                .removeIf(name ->
                        name.endsWith("_max")
                                && "histogram"
                                        .equals(listed.get(name.substring(0, name.length() - 4))));
        assertEquals(listed, served);
        assertTrue(text.contains("jvm_memory_used_bytes"));
        assertTrue(
                text.contains(
                        "outrun_http_requests_seconds_count{method=\"GET\",route=\"/metrics\",status=\"200\"}"));
    }

    private static Map<String, String> found(Pattern pattern, String text) {
        Map<String, String> found = new TreeMap<>();
        Matcher matcher = pattern.matcher(text);
        while (matcher.find()) {
            found.put(matcher.group(1), matcher.group(2));
        }
        return found;
    }

    private static String scrape(HttpClient client, TestOutrun outrun)
            throws IOException, InterruptedException {
        URI url = outrun.url().resolve("/metrics");
        HttpResponse<String> response =
                client.send(
                        HttpRequest.newBuilder(url).GET().build(),
                        HttpResponse.BodyHandlers.ofString());
        assertEquals(200, response.statusCode());
        return response.body();
    }
}
