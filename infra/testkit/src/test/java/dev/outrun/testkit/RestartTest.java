package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.worker.RunContext;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Everything stops between two events of a run, and starts again. */
final class RestartTest {

    private static final int NUMBERS = 20;
    private static final int STOPS_AFTER = 10;

    @RegisterExtension
    static final OutrunExtension OUTRUN =
            OutrunExtension.with(Map.of("count", (run, _) -> count(run)));

    @Test
    void run_stoppedBetweenTwoEvents_completesWithoutLosingOrRepeatingOne(TestOutrun outrun) {
        // Given
        RunId run = outrun.start("count", "null");
        outrun.firehose(List.of(run), 2 + STOPS_AFTER);

        // When
        outrun.restart();

        // Then
        List<Event> log = outrun.awaitEnd(run);
        JsonNode shown = outrun.api().get("/v1/runs/" + run);
        assertEquals("completed", shown.get("status").asText());
        assertEquals(2, shown.get("attempt").asInt());
        assertEquals(
                IntStream.range(0, NUMBERS).mapToObj(Integer::toString).toList(),
                log.stream()
                        .filter(event -> event.type().equals("number"))
                        .map(LogAssert::data)
                        .toList());
        LogAssert.assertSameLogEverywhere(outrun, run);
    }

    @Test
    void runs_finishedBeforeARestart_areStillThere(TestOutrun outrun) {
        // Given
        RunId run = outrun.start("echo", "{\"kept\":true}");
        List<Event> before = outrun.awaitEnd(run);

        // When
        outrun.restart();

        // Then
        assertEquals(LogAssert.envelopes(before), LogAssert.envelopes(outrun.awaitEnd(run)));
        LogAssert.assertSameLogEverywhere(outrun, run);
    }

    /** Goes on where the log ends; the first attempt gets no further than the middle. */
    private static int count(RunContext run) throws InterruptedException {
        int next = 0;
        for (Event event : run.history()) {
            next += event.type().equals("number") ? 1 : 0;
        }
        for (; next < NUMBERS; next++) {
            run.emit("number", next);
            if (next == STOPS_AFTER - 1) {
                new CountDownLatch(1).await(); // until it is interrupted
            }
        }
        return next;
    }
}
