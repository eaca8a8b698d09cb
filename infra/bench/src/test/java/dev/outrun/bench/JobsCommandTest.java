package dev.outrun.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** That figures come out, and of runs that are audited; not how good they are. */
final class JobsCommandTest {

    private final StringWriter said = new StringWriter();
    private final CommandLine bench =
            Bench.commandLine().setOut(new PrintWriter(said)).setErr(new PrintWriter(said));

    @ParameterizedTest
    @ValueSource(strings = {"--rate 20", "--rate 0 --open 4 --run-topics none"})
    void jobs_measured_areAudited(String load) {
        String words = "jobs --seconds 1 --warm-up 1 --repetitions 1 " + load;
        assertEquals(0, bench.execute(words.split(" ")), said::toString);
        assertTrue(said.toString().contains("request to completed, seen"), said::toString);
        assertTrue(said.toString().contains(" 0 differences"), said::toString);
    }

    @Test
    void words_thatMeanNothing_areRefused() {
        assertEquals(2, bench.execute("jobs", "--rate", "many"));
        assertEquals(2, bench.execute("jobs", "--run-topics", "some"));
        assertEquals(2, bench.execute("jobs", "--seconds", "0"));
    }
}
