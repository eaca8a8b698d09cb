package dev.outrun.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.bench.stack.BenchServers;
import dev.outrun.schema.json.WireJson;
import dev.outrun.server.OutrunConfig;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** That figures come out, and of events that are audited; not how good they are. */
@Timeout(120)
final class BenchTest {

    private final StringWriter said = new StringWriter();
    private final CommandLine bench =
            Bench.commandLine().setOut(new PrintWriter(said)).setErr(new PrintWriter(said));

    @ParameterizedTest
    @ValueSource(strings = {"--rate 20", "--rate 0 --open 4 --run-topics none"})
    void jobs_measured_areAudited(String load) {
        execute("jobs --seconds 1 --warm-up 1 --repetitions 1 " + load);
        assertSaid("request to completed, seen", " 0 differences");
    }

    @Test
    void latency_isMeasuredForEveryReader_andHeldAgainstTheLimits() {
        execute("latency --seconds 1 --warm-up 0 --repetitions 1 --rate 50 --runs 5 --writers 2");
        assertSaid(
                "plain insert's transaction",
                "due to bare reader of the log",
                "due to consumer, bare producer",
                "due to firehose consumer",
                "due to run topics' consumer",
                "due to event streams",
                "firehose to bare reader, p50",
                " 0 differences");
    }

    @Test
    void drain_isHeldAgainstTheLimits() {
        execute("drain --events 4000 --batch 10 --runs 4 --repetitions 1");
        assertSaid("connector, both lanes", "connector to bare producers", " 0 differences");
    }

    @Test
    void manyTopics_areHeldAgainstFew() {
        execute("topics --seconds 1 --warm-up 0 --repetitions 1 --rate 50 --runs 150");
        assertSaid("150 runs, medians", "due to run topics' consumer, p99", " 0 differences");
    }

    @Test
    void history_isHeldAgainstNone() {
        execute("history --appends 20000 --calls 20 --repetitions 1");
        assertSaid("20000 appends, medians", "append with history to without, p50");
    }

    @Test
    void clients_areMeasured_withTheirHeap() {
        execute(
                "sse --clients 20 --slow 2 --runs 4 --rate 20 --seconds 1 --warm-up 1"
                        + " --repetitions 1");
        assertSaid("due to client", "heap of a client, after", " 0 differences");
    }

    @Test
    void debezium_isMeasured_asPeopleRunIt_andTuned() {
        execute("debezium --rate 20 --seconds 1 --warm-up 0 --repetitions 1");
        assertSaid("default settings, medians", "tuned, medians", "due to consumer");
    }

    @Test
    void restarts_areMeasured(@TempDir Path folder) throws Exception {
        execute("restart --repetitions 1 --rate 20 --outrun " + program(folder));
        assertSaid("kill -9 to an event after it", "after a stop", " 0 differences");
    }

    /** As {@code ./outrun} does, with this class path. */
    private static Path program(Path folder) throws Exception {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        String line =
                "#!/bin/sh\nexec '%s' -cp '%s' dev.outrun.server.cli.Main \"$@\"%n"
                        .formatted(
                                java,
                                System.getProperty(
                                        "surefire.test.class.path",
                                        System.getProperty("java.class.path")));
        return Files.setPosixFilePermissions(
                Files.writeString(folder.resolve("outrun"), line),
                PosixFilePermissions.fromString("rwx------"));
    }

    @Test
    void servers_ofAConfiguration_areAsBefore(@TempDir Path folder) throws Exception {
        try (BenchServers others = BenchServers.own()) {
            OutrunConfig config = others.config();
            Set<String> topics = topics(config);
            Path file =
                    Files.writeString(
                            folder.resolve("outrun.yaml"),
                            """
                            postgres:
                              url: postgresql://%s:%s@%s:%d/%s
                            kafka:
                              bootstrap_servers: %s
                            """
                                    .formatted(
                                            config.postgres().user(),
                                            config.postgres().password(),
                                            config.postgres().host(),
                                            config.postgres().port(),
                                            config.postgres().database(),
                                            config.bootstrapServers()));
            execute("drain --events 400 --runs 4 --repetitions 1 --config " + file);
            execute("jobs --rate 20 --seconds 1 --warm-up 0 --repetitions 1 --config " + file);
            assertSaid("connector, both lanes", "request to completed, seen", " 0 differences");
            others.execute(
                    """
                    do $$ begin
                        assert not exists (select from pg_database where datname like 'outrun_bench_%');
                        assert not exists (select from pg_replication_slots);
                        assert not exists (select from outrun.run);
                    end $$
                    """);
            assertEquals(topics, topics(config));
        }
    }

    private static Set<String> topics(OutrunConfig config) throws Exception {
        try (Admin admin = Admin.create(config.kafka().client(Map.of()))) {
            return admin.listTopics().names().get();
        }
    }

    @Test
    void figures_asJson_haveAllRepetitions_andTheMachine() {
        execute("drain --events 400 --runs 4 --repetitions 2 --json");
        Map<?, ?> json = WireJson.read(said.toString().getBytes(StandardCharsets.UTF_8), Map.class);
        assertEquals("drain", json.get("bench"));
        assertEquals("400", Target.at(json, "options", "--events"));
        assertEquals(
                Runtime.getRuntime().availableProcessors(), Target.at(json, "machine", "cores"));
        int coreSpeed = (Integer) Target.at(json, "machine", "core_speed");
        assertTrue(coreSpeed > 0, () -> "core_speed " + coreSpeed);
        assertEquals(2, ((List<?>) Target.at(json, "parts", "drain", "repetitions")).size());
        assertEquals(List.of(), json.get("wrong"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "jobs --rate many",
                "jobs --run-topics some",
                "jobs --seconds 0",
                "latency --runs 0",
                "drain --events 1",
                "topics --bytes 0",
                "sse --clients 0",
                "restart --repetitions 0",
                "drain --config /dev/null/outrun.yaml"
            })
    void words_thatMeanNothing_areRefused(String words) {
        assertEquals(2, bench.execute(words.split(" ", -1)));
    }

    private void execute(String words) {
        assertEquals(0, bench.execute(words.split(" ", -1)), said::toString);
    }

    private void assertSaid(String... parts) {
        for (String part : parts) {
            assertTrue(said.toString().contains(part), () -> part + " is not in\n" + said);
        }
    }
}
