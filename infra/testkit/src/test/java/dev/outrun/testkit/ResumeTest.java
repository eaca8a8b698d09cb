package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.schema.run.RunId;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A reader who comes back misses nothing and sees nothing twice. */
@ExtendWith(OutrunExtension.class)
final class ResumeTest {

    private static final int EVENTS_PER_CONNECTION = 7;

    @Test
    void lastEventId_ofAReaderWhoKeepsLeaving_goesOnAtTheNextEvent(TestOutrun outrun)
            throws Exception {
        // Given
        RunId run = outrun.start("chat-demo", "{\"rate\":400}");

        // When
        List<String> seen = new ArrayList<>();
        String lastId = "";
        try (HttpClient http = HttpClient.newHttpClient()) {
            int before;
            do {
                before = seen.size();
                lastId = readSome(http, outrun, run, lastId, seen);
            } while (seen.size() > before);
        }

        // Then
        assertEquals(LogAssert.envelopes(outrun.ledger().events(run, 0, Integer.MAX_VALUE)), seen);
        assertEquals(seen.subList(5, seen.size()), LogAssert.sse(outrun, run, 5));
    }

    /** Reads a few events, leaves, and returns the id of the last one. */
    private static String readSome(
            HttpClient http, TestOutrun outrun, RunId run, String lastId, List<String> seen)
            throws IOException, InterruptedException {
        var request =
                HttpRequest.newBuilder(outrun.url().resolve("/v1/runs/" + run + "/events"))
                        .header("Accept", "text/event-stream");
        if (!lastId.isEmpty()) {
            request.header("Last-Event-ID", lastId);
        }
        String id = lastId;
        int left = EVENTS_PER_CONNECTION;
        try (var body = http.send(request.build(), BodyHandlers.ofInputStream()).body();
                var lines =
                        new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine();
                    line != null && left > 0;
                    line = lines.readLine()) {
                if (line.startsWith("id:")) {
                    id = line.substring(3).strip();
                } else if (line.startsWith("data:")) {
                    seen.add(line.substring(5).strip());
                    left--;
                }
            }
        }
        return id;
    }
}
