package dev.outrun.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.Wake;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Exported runs, played again: the same, or else it is said where not. */
final class ReplayTest {

    private final SteppedStage stage = new SteppedStage();
    private final Path folder;

    ReplayTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @AfterEach
    void close() {
        stage.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"retried.json", "waited.json"})
    void runs_asARealSystemTellsThem_replay(String name) {
        SteppedOutrun.replay(resource(name));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"at\":\"2026-11-22|\"at\":\"2027-11-22|seq 5: expected run.retry.scheduled",
                "\"attempt\":3,\"time\"|\"attempt\":4,\"time\"|seq 9: expected run.attempt.started",
                "\"output\":\"third\"|\"output\":\"fourth\"|",
                "\"type\":\"run.retry.scheduled\"|\"type\":\"run.failed\"|seq 5: expected run.failed"
            })
    void file_thatWasTamperedWith_isFoundOut(String what, String instead, @Nullable String said)
            throws IOException {
        // Given
        String exported = Files.readString(resource("retried.json"));
        assertTrue(exported.contains(what), what);
        Path tampered = folder.resolve("tampered.json");
        Files.writeString(tampered, exported.replaceFirst(Pattern.quote(what), instead));

        // When / Then: what a handler returned is its own affair, all else is not
        if (said == null) {
            assertDoesNotThrow(() -> SteppedOutrun.replay(tampered));
            return;
        }
        String refusal =
                String.valueOf(
                        assertThrows(AssertionError.class, () -> SteppedOutrun.replay(tampered))
                                .getMessage());
        assertTrue(refusal.startsWith(said), refusal);
        assertTrue(refusal.contains(", found ") || refusal.contains(" sent "), refusal);
    }

    @Test
    void fileOfAnythingElse_isRefused() throws IOException {
        // Given
        Path other = folder.resolve("other.json");
        Files.writeString(other, "{\"format\":2}");

        // When / Then
        assertThrows(IllegalArgumentException.class, () -> SteppedOutrun.replay(other));
    }

    @Test
    void runs_ofTheHarness_replay() throws IOException {
        // Given
        SteppedOutrun outrun = stage.outrun;
        RunId greeted = outrun.start("greet", "1");
        RunId retried = outrun.start("flaky", "null");
        RunId asked = outrun.start("ask", "null");
        RunId cancelled = outrun.start("cancelsItself", "null");
        RunId timedOut =
                outrun.start(StartRun.with("slow", "90000").attemptTimeoutMs(20_000L).build());
        RunId outOfTime = outrun.start(StartRun.with("slow", "90000").timeoutMs(30_000L).build());
        RunId later = outrun.start(stage.later("greet", Duration.ofHours(1)));
        outrun.settle();
        outrun.signal(asked, "answer", "{\"yes\":1.50}");
        outrun.advance(Duration.ofHours(2));

        // When / Then
        for (RunId run : List.of(greeted, retried, asked, cancelled, timedOut, outOfTime, later)) {
            assertTrue(outrun.status(run).isTerminal(), outrun.types(run).toString());
            SteppedOutrun.replay(exported(run));
        }
    }

    @Test
    void attempts_thatWereLost_replay() throws IOException {
        // Given
        RunId run = stage.claimed("greet");
        stage.outrun.hold(Part.WORKER);
        stage.outrun.advance(Duration.ofSeconds(20));
        stage.outrun.release(Part.WORKER);
        stage.outrun.settle();
        assertEquals(RunStatus.COMPLETED, stage.outrun.status(run));

        // When / Then
        SteppedOutrun.replay(exported(run));
    }

    @Test
    void sleep_and_children_replay() throws IOException {
        // Given
        SteppedOutrun outrun = stage.outrun;
        Ledger ledger = outrun.ledger();
        RunId slept = stage.claimed("greet");
        Instant morning = outrun.now().plus(Duration.ofHours(8));
        outrun.suspend(slept, Wake.at(morning));
        RunId root =
                ledger.startFlow(
                        Tenant.DEFAULT,
                        "{\"handler\":\"greet\",\"children\":["
                                + "{\"handler\":\"greet\",\"input\":2},"
                                + "{\"handler\":\"flaky\",\"input\":3}]}");
        outrun.advance(Duration.ofHours(9));

        // When / Then
        assertEquals(RunStatus.COMPLETED, outrun.status(slept));
        assertEquals(RunStatus.COMPLETED, outrun.status(root));
        SteppedOutrun.replay(exported(slept));
        SteppedOutrun.replay(exported(root));
    }

    @Test
    void run_stillOpen_replaysAsFarAsItWent() throws IOException {
        // Given
        RunId run = stage.outrun.start("flaky", "null");
        stage.outrun.settle();

        // When / Then
        SteppedOutrun.replay(exported(run));
    }

    private Path exported(RunId run) throws IOException {
        List<Event> log = stage.outrun.log(run);
        Path file = folder.resolve(run + ".json");
        Files.writeString(
                file,
                log.stream()
                        .map(event -> new String(event.envelope(), UTF_8))
                        .collect(
                                Collectors.joining(
                                        ",\n",
                                        "{\"format\":1,\"run\":{\"id\":\""
                                                + run
                                                + "\"},\"events\":[\n",
                                        "]}\n")));
        return file;
    }

    private static Path resource(String name) {
        try {
            return Path.of(
                    Objects.requireNonNull(ReplayTest.class.getResource("/runs/" + name)).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
