package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.schema.json.WireJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The whole of {@code outrun dev}, as a process, ends in the middle of a run. */
@Execution(ExecutionMode.SAME_THREAD) // one of those at a time that start processes
final class KillTest {

    /** Ten seconds of tokens, so that there is a middle to die in. */
    private static final String SLOWLY = "{\"rate\":4,\"tokens\":40}";

    @Test
    void run_cutOffByKill9_completesWithoutLosingOrRepeatingAnEvent(@TempDir Path folder)
            throws Exception {
        try (DevProcess dev = new DevProcess(folder)) {
            // Given
            String run = startAndSeeSome(dev);

            // When
            dev.killAndStartAgain();

            // Then
            assertWholeText(dev, run);
        }
    }

    @Test
    void run_cutOffByAStop_goesOnAtTheNextStart(@TempDir Path folder) throws Exception {
        try (DevProcess dev = new DevProcess(folder)) {
            // Given
            String run = startAndSeeSome(dev);

            // When
            dev.stopAndStartAgain();

            // Then
            assertWholeText(dev, run);
        }
    }

    /** Starts a run and returns its id once some of its events were seen. */
    private static String startAndSeeSome(DevProcess dev) throws InterruptedException {
        String run = dev.api().start("chat-demo", SLOWLY).get("id").asText();
        CountDownLatch some = new CountDownLatch(6);
        Thread.ofVirtual().start(() -> dev.api().follow(run, 0, _ -> some.countDown()));
        some.await();
        return run;
    }

    private static void assertWholeText(DevProcess dev, String run) throws IOException {
        List<Long> seqs = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        String status =
                dev.api()
                        .follow(
                                run,
                                0,
                                line -> {
                                    seqs.add(line.seq());
                                    if (line.type().equals("token.delta")) {
                                        text.append(text(line.data()));
                                    }
                                });
        assertEquals("completed", status);
        assertEquals(java.util.stream.LongStream.range(0, seqs.size()).boxed().toList(), seqs);
        JsonNode shown = dev.api().get("/v1/runs/" + run);
        assertEquals(shown.get("output").get("text").asText(), text.toString());
        assertEquals(2, shown.get("attempt").asInt());
    }

    private static String text(String data) {
        try {
            return WireJson.mapper().readTree(data).get("text").asText();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
