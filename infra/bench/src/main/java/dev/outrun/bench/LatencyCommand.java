package dev.outrun.bench;

import dev.outrun.bench.figure.Figures;
import dev.outrun.bench.limit.BareProducer;
import dev.outrun.bench.limit.WalReader;
import dev.outrun.bench.load.Tick;
import dev.outrun.bench.load.Writers;
import dev.outrun.bench.reader.TopicReader;
import dev.outrun.bench.stack.BenchServers;
import dev.outrun.bench.stack.BenchStack;
import dev.outrun.schema.run.RunId;
import dev.outrun.server.OutrunConfig;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Events appended at a rate: how old they are when readers of the firehose, of the run topics and
 * over HTTP have them; and the limits, in the same run.
 */
@Command(
        name = "latency",
        description =
                "Events appended by SQL, one in a transaction: how long each takes until a Kafka"
                        + " consumer of the firehose, one of the run topics, and an event stream"
                        + " have it.",
        mixinStandardHelpOptions = true)
final class LatencyCommand implements Callable<Integer> {

    private static final String PLAIN_TABLE =
            "create table bench_plain (id bigint generated always as identity primary key,"
                    + " run_id uuid not null, events json not null)";
    private static final String PLAIN_INSERT =
            "insert into bench_plain (run_id, events) values (?, ?::json)";

    static final String TO_UNREAD = "transaction to unread append, ";

    private static final String PLAIN_COMMIT = "plain insert's transaction";
    private static final String APPEND_COMMIT = "append's transaction, bare reader";
    private static final String WAL = "due to bare reader of the log";
    private static final String KAFKA = "due to consumer, bare producer";

    @Spec CommandSpec spec;

    @Option(
            names = "--runs",
            defaultValue = "100",
            description = "Runs that they are of, in turn (default: ${DEFAULT-VALUE}).")
    int runs;

    @Mixin Servers on;

    @Mixin Load load;

    @Mixin Timing timing;

    @Mixin Repetitions repeated;

    @Override
    public Integer call() throws Exception {
        load.check(spec);
        timing.check(spec);
        repeated.check(spec);
        Repetitions.check(spec, "--runs", runs, 1);
        Report report = new Report(spec, repeated);
        Figures limits;
        try (BenchServers servers = on.open(spec)) {
            limits = limits(report, servers);
        }
        Figures outrun;
        try (BenchStack stack = new BenchStack(on.open(spec), Map.of())) {
            outrun = new LiveLoad(load, runs).measure(stack, report, timing, "outrun", true);
        }
        for (String percentile : List.of("p50", "p99")) {
            report.ratio(
                    "firehose to bare reader, " + percentile,
                    outrun.value(LiveLoad.FIREHOSE, percentile),
                    limits.value(WAL, percentile));
            report.ratio(
                    "transaction to plain insert, " + percentile,
                    outrun.value(LiveLoad.TRANSACTION, percentile),
                    limits.value(PLAIN_COMMIT, percentile));
            report.ratio(
                    TO_UNREAD + percentile,
                    outrun.value(LiveLoad.TRANSACTION, percentile),
                    limits.value(APPEND_COMMIT, percentile));
        }
        return report.end();
    }

    /** What the parts can do by themselves: nobody publishes. */
    private Figures limits(Report report, BenchServers servers) throws Exception {
        Tick tick = load.tick();
        OutrunConfig config = servers.config();
        List<RunId> open = servers.openRuns(runs);
        servers.execute(PLAIN_TABLE);
        try (Writers plain = new Writers(config.postgres(), load.writers, PLAIN_INSERT);
                Writers append = new Writers(config.postgres(), load.writers, Writers.APPEND);
                WalReader reader = new WalReader(config.postgres());
                BareProducer producer = new BareProducer(config);
                TopicReader consumer = new TopicReader(config.kafka(), List.of(producer.topic()))) {
            reader.start();
            return timing.measure(
                    report,
                    "limits",
                    seconds -> {
                        long events = load.events(seconds);
                        Figures figures = new Figures();
                        figures.add(PLAIN_COMMIT, plain.write(open, load.rate, seconds, tick::one));
                        figures.add(
                                APPEND_COMMIT, append.write(open, load.rate, seconds, tick::one));
                        figures.add(WAL, report.whole(reader.await(events), events));
                        producer.send(load.rate, seconds, tick::data);
                        return figures.add(KAFKA, report.whole(consumer.await(events), events));
                    });
        }
    }
}
