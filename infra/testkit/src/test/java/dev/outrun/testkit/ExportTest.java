package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.Wake;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.server.cli.Main;
import dev.outrun.worker.RunHandler;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Runs of a real Outrun, exported by the command and played again in a stepped one. */
final class ExportTest {

    private static final int DONE = 0;
    private static final int REFUSED = 3;

    private static final RunHandler FAILS =
            (run, input) -> {
                run.emit("tried", input.tree());
                throw new IllegalStateException("as ever");
            };

    @RegisterExtension
    static final OutrunExtension OUTRUN = OutrunExtension.with(Map.of("fails", FAILS));

    private final Path folder;

    ExportTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void runs_ofEveryKind_replay(TestOutrun outrun) {
        // Given
        RunId echoed = outrun.start("echo", "{\"a\": [1, 2.50, 1e3]}");
        RunId retried = outrun.start("flaky", "null");
        RunId failed =
                outrun.ledger()
                        .start(
                                StartRun.with("fails", "1")
                                        .queue("mail")
                                        .priority(3)
                                        .retry("{\"max_attempts\":3,\"delay_ms\":50,\"jitter\":1}")
                                        .build());
        RunId timedOut =
                outrun.ledger().start(StartRun.with("sleeper", "1").timeoutMs(300L).build());
        RunId cancelled = outrun.start("sleeper", "1");
        outrun.api().cancel(cancelled.toString(), "enough");
        RunId root =
                outrun.ledger()
                        .startFlow(
                                Tenant.DEFAULT,
                                "{\"handler\":\"echo\",\"children\":["
                                        + "{\"handler\":\"echo\",\"input\":1},"
                                        + "{\"handler\":\"flaky\",\"input\":2}]}");

        // When / Then
        for (RunId run : List.of(echoed, retried, failed, timedOut, cancelled, root)) {
            outrun.awaitEnd(run);
            replays(outrun, run);
        }
    }

    @Test
    void run_suspendedAndSignalled_replays(TestOutrun outrun) {
        // Given: this test is its worker
        outrun.ledger().registerHandlers(List.of("nobodys"));
        RunId run = outrun.start("nobodys", "1");
        outrun.ledger().claim(run, 1, "test@1");
        outrun.ledger().suspend(run, 1, Wake.on("go"), null);

        // When
        replays(outrun, run);
        outrun.ledger().signal(run, "go", "{\"by\":\"me\"}");

        // Then
        replays(outrun, run);
    }

    @Test
    void unknownRun_isRefused(TestOutrun outrun) {
        assertEquals(REFUSED, export(outrun, "01890a5d-0000-7000-8000-000000000000"));
        assertEquals(REFUSED, export(outrun, "no id"));
    }

    private void replays(TestOutrun outrun, RunId run) {
        assertEquals(DONE, export(outrun, run.toString()));
        SteppedOutrun.replay(folder.resolve("run.json"));
    }

    private int export(TestOutrun outrun, String run) {
        String file = folder.resolve("run.json").toString();
        return Main.run("run", "export", run, "--output", file, "--url", outrun.url().toString());
    }
}
