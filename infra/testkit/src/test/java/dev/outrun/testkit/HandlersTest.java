package dev.outrun.testkit;

import static dev.outrun.testkit.LogAssert.assertSameLogEverywhere;
import static dev.outrun.testkit.LogAssert.types;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Each sample handler, through the whole path. */
@ExtendWith(OutrunExtension.class)
final class HandlersTest {

    @Test
    void echo_completesWithItsInput(TestOutrun outrun) {
        // Given
        RunId run = outrun.start("echo", "{\"n\":[1,2.50,\"é\"]}");

        // When
        List<Event> log = outrun.awaitEnd(run);

        // Then
        assertEquals(
                List.of("run.requested", "run.attempt.started", "echo", "run.completed"),
                types(log));
        JsonNode shown = outrun.api().get("/v1/runs/" + run);
        assertEquals("completed", shown.get("status").asText());
        assertEquals("{\"n\":[1,2.50,\"é\"]}", outrun.ledger().run(run).orElseThrow().output());
        assertEquals(1, shown.get("attempt").asInt());
        assertSameLogEverywhere(outrun, run);
    }

    @Test
    void chatDemo_streamsItsTextTokenByToken(TestOutrun outrun) throws IOException {
        // Given
        RunId run = outrun.start("chat-demo", "{\"rate\":0}");

        // When
        List<Event> log = outrun.awaitEnd(run);

        // Then
        JsonNode output = outrun.api().get("/v1/runs/" + run).get("output");
        StringBuilder text = new StringBuilder();
        for (Event event : log) {
            if (event.type().equals("token.delta")) {
                text.append(WireJson.mapper().readTree(event.data()).get("text").asText());
            }
        }
        assertTrue(log.size() > 100, "only " + log.size() + " events");
        assertEquals(output.get("text").asText(), text.toString());
        assertSameLogEverywhere(outrun, run);
    }

    @Test
    void flaky_failsTwiceAndThenCompletes(TestOutrun outrun) {
        // Given
        RunId run = outrun.start("flaky", "{}");

        // When
        List<Event> log = outrun.awaitEnd(run);

        // Then
        List<String> platform =
                types(log).stream().filter(type -> type.startsWith("run.")).toList();
        assertEquals(
                List.of(
                        "run.requested",
                        "run.attempt.started",
                        "run.attempt.failed",
                        "run.retry.scheduled",
                        "run.attempt.started",
                        "run.attempt.failed",
                        "run.retry.scheduled",
                        "run.attempt.started",
                        "run.completed"),
                platform);
        assertEquals(3, outrun.api().get("/v1/runs/" + run).get("attempt").asInt());
        assertSameLogEverywhere(outrun, run);
    }

    @Test
    void sleeper_runsUntilItIsCancelled(TestOutrun outrun) throws InterruptedException {
        // Given
        RunId run = outrun.start("sleeper", "{}");
        awaitEvent(outrun, run, "run.attempt.started");

        // When
        outrun.api().cancel(run.toString(), "enough");

        // Then
        List<Event> log = outrun.awaitEnd(run);
        assertEquals("run.cancelled", log.getLast().type());
        assertEquals("cancelled", outrun.api().get("/v1/runs/" + run).get("status").asText());
        assertNull(outrun.ledger().run(run).orElseThrow().output());
        assertSameLogEverywhere(outrun, run);
    }

    @Test
    void approval_waitsForItsSignal_withoutAWorker(TestOutrun outrun) throws InterruptedException {
        // Given
        RunId run = outrun.start("approval", "{}");
        awaitEvent(outrun, run, "run.suspended");
        outrun.restart();

        // When
        outrun.ledger().signal(run, "approval", "{\"by\":\"ada\"}");

        // Then
        List<Event> log = outrun.awaitEnd(run);
        assertEquals(
                List.of(
                        "run.requested",
                        "run.attempt.started",
                        "run.suspended",
                        "run.signal.received",
                        "run.resumed",
                        "run.attempt.started",
                        "run.completed"),
                types(log));
        assertEquals("{\"by\":\"ada\"}", outrun.ledger().run(run).orElseThrow().output());
        assertSameLogEverywhere(outrun, run);
    }

    @Test
    void fiftyRunsAtOnce_eachHaveTheirOwnLog(TestOutrun outrun) {
        // Given
        List<RunId> runs = Collections.synchronizedList(new ArrayList<>());

        // When
        for (int i = 0; i < 50; i++) {
            runs.add(
                    outrun.start(
                            i % 2 == 0 ? "chat-demo" : "echo",
                            "{\"rate\":0,\"tokens\":40,\"i\":" + i + "}"));
        }

        // Then
        for (RunId run : runs) {
            List<Event> log = outrun.awaitEnd(run);
            assertEquals("run.completed", log.getLast().type());
            assertSameLogEverywhere(outrun, run);
        }
    }

    private static void awaitEvent(TestOutrun outrun, RunId run, String type)
            throws InterruptedException {
        CountDownLatch seen = new CountDownLatch(1);
        Thread.ofVirtual()
                .start(() ->
                        outrun.api()
                                .follow(
                                        run.toString(),
                                        0,
                                        line -> {
                                            if (line.type().equals(type)) {
                                                seen.countDown();
                                            }
                                        }));
        seen.await();
    }
}
