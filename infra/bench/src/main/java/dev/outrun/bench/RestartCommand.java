package dev.outrun.bench;

import dev.outrun.bench.figure.Figures;
import dev.outrun.bench.figure.Micros;
import dev.outrun.bench.load.Tick;
import dev.outrun.bench.load.Writers;
import dev.outrun.bench.reader.TopicReader;
import dev.outrun.bench.stack.BenchServers;
import dev.outrun.bench.stack.Program;
import dev.outrun.devstack.Directories;
import dev.outrun.devstack.LoopbackPorts;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.server.OutrunConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** How long it is until events come again after a kill -9, and until a start is ready. */
@Command(
        name = "restart",
        description =
                "A connector that is killed with kill -9 and started again while others append:"
                        + " how long until an event written after the kill is read. And how long"
                        + " ./outrun dev takes until it is ready.",
        mixinStandardHelpOptions = true)
final class RestartCommand implements Callable<Integer> {

    static final String AFTER_KILL = "kill -9 to an event after it";
    static final String DEV = "./outrun dev to ready, ";

    private static final int RUNS = 10;
    private static final int WRITERS = 4;
    private static final Tick TICK = new Tick(300);

    @Spec CommandSpec spec;

    @Option(
            names = "--rate",
            defaultValue = "200",
            description = "Events written a second (default: ${DEFAULT-VALUE}).")
    int rate;

    @Option(
            names = "--outrun",
            paramLabel = "FILE",
            defaultValue = "${sys:outrun.home:-.}/outrun",
            description = "What is started and killed (default: ${DEFAULT-VALUE}).")
    Path outrun;

    @Mixin Repetitions repeated;

    @Override
    public Integer call() throws Exception {
        repeated.check(spec);
        Repetitions.check(spec, "--rate", rate, 1);
        Report report = new Report(spec, repeated);
        connector(report);
        dev(report);
        return report.end();
    }

    private void connector(Report report) throws Exception {
        try (BenchServers servers = BenchServers.own()) {
            OutrunConfig config = servers.config();
            List<RunId> open = servers.openRuns(RUNS);
            try (Killed killed = new Killed(outrun, config);
                    TopicReader firehose =
                            new TopicReader(config.kafka(), List.of(config.topics().events()));
                    Background _ = new Background(config.postgres(), open, rate)) {
                report.repeat(
                        "connector",
                        () -> {
                            long at = Micros.now();
                            firehose.mark(at);
                            killed.killAndStartAgain();
                            return new Figures()
                                    .add(AFTER_KILL, millis(firehose.awaitBehindMark() - at), "ms");
                        });
            }
            report.audited(servers.audit());
        }
    }

    private void dev(Report report) throws Exception {
        Path data = Files.createTempDirectory("outrun-bench-dev-");
        List<Integer> ports = LoopbackPorts.free(3);
        List<String> arguments =
                List.of(
                        "dev",
                        "--data",
                        data.toString(),
                        "--port",
                        ports.get(0).toString(),
                        "--kafka-port",
                        ports.get(1).toString(),
                        "--postgres-port",
                        ports.get(2).toString());
        try {
            report.repeat(
                    "dev",
                    () -> {
                        Directories.delete(data);
                        Figures figures = new Figures();
                        Program first = timed(figures, "first start", arguments);
                        first.kill();
                        Program afterKill = timed(figures, "after kill -9", arguments);
                        afterKill.close();
                        timed(figures, "after a stop", arguments).close();
                        return figures;
                    });
        } finally {
            Directories.delete(data);
        }
    }

    private Program timed(Figures figures, String name, List<String> arguments) throws IOException {
        long begin = System.nanoTime();
        Program program = Program.start(outrun, Map.of(), arguments);
        long took = TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - begin);
        figures.add(DEV + name, millis(took), "ms");
        return program;
    }

    private static double millis(long micros) {
        return micros / 1e3;
    }

    /** A connector in a process of its own. */
    private static final class Killed implements AutoCloseable {

        private static final List<String> SERVE =
                List.of("serve", "--roles", "connector", "--port", "0");

        private final Path outrun;
        private final Map<String, String> environment;
        private Program program;

        Killed(Path outrun, OutrunConfig config) throws IOException {
            this.outrun = outrun;
            PostgresAddress postgres = config.postgres();
            environment =
                    Map.of(
                            "OUTRUN_POSTGRES_URL",
                            "postgresql://%s:%s@%s:%d/%s"
                                    .formatted(
                                            postgres.user(),
                                            postgres.password(),
                                            postgres.host(),
                                            postgres.port(),
                                            postgres.database()),
                            "OUTRUN_KAFKA_BOOTSTRAP_SERVERS",
                            config.bootstrapServers(),
                            "OUTRUN_STATE_DIR",
                            config.stateDir().toString());
            program = Program.start(outrun, environment, SERVE);
        }

        void killAndStartAgain() throws IOException, InterruptedException {
            program.kill();
            program = Program.start(outrun, environment, SERVE);
        }

        @Override
        public void close() {
            program.close();
        }
    }

    /** Writes for as long as it is open. */
    private static final class Background implements AutoCloseable {

        private final Writers writers;
        private final ExecutorService thread = Executors.newSingleThreadExecutor();
        private final AtomicBoolean ended = new AtomicBoolean();
        private final Future<Void> writing;

        Background(PostgresAddress postgres, List<RunId> runs, int perSecond) throws SQLException {
            writers = new Writers(postgres, WRITERS, Writers.APPEND);
            writing =
                    thread.submit(() -> {
                        while (!ended.get()) {
                            writers.write(runs, perSecond, 1, TICK::one);
                        }
                        return null;
                    });
        }

        @Override
        public void close() throws SQLException {
            ended.set(true);
            thread.close();
            writers.close();
            writing.resultNow(); // or its failure
        }
    }
}
