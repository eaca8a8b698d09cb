package dev.outrun.bench;

import dev.outrun.bench.figure.Figures;
import dev.outrun.bench.figure.Rates;
import dev.outrun.bench.limit.BareLanes;
import dev.outrun.bench.limit.WalReader;
import dev.outrun.bench.load.Backlog;
import dev.outrun.bench.load.Tick;
import dev.outrun.bench.stack.BenchServers;
import dev.outrun.connector.ConnectorConfig;
import dev.outrun.connector.OutboxConnector;
import dev.outrun.schema.run.RunId;
import dev.outrun.server.OutrunConfig;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A backlog, and how fast the connector has published all of it to both lanes; and the limits. */
@Command(
        name = "drain",
        description =
                "A backlog of events: how many a second the connector publishes, to the firehose"
                        + " and the run topics, a bare reader reads, and bare producers send.",
        mixinStandardHelpOptions = true)
final class DrainCommand implements Callable<Integer> {

    static final String TO_READER = "connector to bare reader";
    static final String TO_PRODUCERS = "connector to bare producers";

    private static final String READ = "bare reader of the log";
    private static final String SENT = "bare producers, both lanes";
    static final String PUBLISHED = "connector, both lanes";

    @Spec CommandSpec spec;

    @Option(
            names = "--events",
            defaultValue = "500000",
            description = "Of the backlog (default: ${DEFAULT-VALUE}).")
    int events;

    @Option(
            names = "--batch",
            defaultValue = "1",
            description = "Events in an append (default: ${DEFAULT-VALUE}).")
    int batch;

    @Option(
            names = "--runs",
            defaultValue = "100",
            description = "Runs that they are of (default: ${DEFAULT-VALUE}).")
    int runs;

    @Option(
            names = "--bytes",
            defaultValue = "300",
            description = "Of an event's data (default: ${DEFAULT-VALUE}).")
    int bytes;

    @Mixin Servers on;

    @Mixin Repetitions repeated;

    @Override
    public Integer call() throws Exception {
        repeated.check(spec);
        Repetitions.check(spec, "--batch", batch, 1);
        Repetitions.check(spec, "--events", events, Backlog.least(batch));
        Repetitions.check(spec, "--runs", runs, Backlog.CONNECTIONS);
        Repetitions.check(spec, "--bytes", bytes, 1);
        Report report = new Report(spec, repeated);
        Tick tick = new Tick(bytes);
        try (BenchServers servers = on.open(spec)) {
            OutrunConfig config = servers.config();
            List<RunId> open = servers.openRuns(runs);
            Backlog backlog = new Backlog(config.postgres(), open, tick);
            try (OutboxConnector connector = OutboxConnector.start(connector(config));
                    BareLanes lanes = new BareLanes(config, open, tick)) {
                connector.drainOnce(BenchServers.LIMIT);
                report.progress("warm-up");
                drain(report, config, backlog, connector, lanes);
                Figures medians =
                        report.repeat(
                                "drain", () -> drain(report, config, backlog, connector, lanes));
                report.ratio(TO_READER, medians.value(PUBLISHED, ""), medians.value(READ, ""));
                report.ratio(TO_PRODUCERS, medians.value(PUBLISHED, ""), medians.value(SENT, ""));
            }
            report.audited(servers.audit());
        }
        return report.end();
    }

    private static ConnectorConfig connector(OutrunConfig config) {
        return ConnectorConfig.of(
                config.postgres(), config.kafka(), config.topics(), config.slot());
    }

    /** Writes a backlog while nobody reads, and then has each of them go through it alone. */
    private Figures drain(
            Report report,
            OutrunConfig config,
            Backlog backlog,
            OutboxConnector connector,
            BareLanes lanes)
            throws Exception {
        connector.pause();
        Figures figures = new Figures();
        long written;
        try (WalReader reader = new WalReader(config.postgres())) {
            written = backlog.write(events, batch);
            long begin = System.nanoTime();
            reader.start();
            report.whole(reader.await(written / batch), written / batch); // a message is an append
            figures.add(READ, Rates.perSecond(written, System.nanoTime() - begin), "events/s");
        }
        figures.add(SENT, lanes.send(written), "events/s");
        long begin = System.nanoTime();
        connector.resume();
        connector.drainOnce(BenchServers.LIMIT);
        return figures.add(
                PUBLISHED, Rates.perSecond(written, System.nanoTime() - begin), "events/s");
    }
}
