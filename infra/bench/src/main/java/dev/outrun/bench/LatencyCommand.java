package dev.outrun.bench;

import dev.outrun.bench.figure.Figures;
import dev.outrun.bench.limit.BareProducer;
import dev.outrun.bench.limit.WalReader;
import dev.outrun.bench.load.Tick;
import dev.outrun.bench.load.Writers;
import dev.outrun.bench.reader.TopicReader;
import dev.outrun.bench.stack.BenchServers;
import dev.outrun.schema.run.RunId;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.LongFunction;
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
            names = "--rate",
            defaultValue = "1000",
            description = "Events due a second (default: ${DEFAULT-VALUE}).")
    int rate;

    @Option(
            names = "--runs",
            defaultValue = "100",
            description = "Runs that they are of, in turn (default: ${DEFAULT-VALUE}).")
    int runs;

    @Option(
            names = "--bytes",
            defaultValue = "300",
            description = "Of an event's data (default: ${DEFAULT-VALUE}).")
    int bytes;

    @Option(
            names = "--writers",
            defaultValue = "16",
            description = "Connections that append (default: ${DEFAULT-VALUE}).")
    int writers;

    @Mixin Timing timing;

    @Mixin Repetitions repeated;

    @Override
    public Integer call() throws Exception {
        timing.check(spec);
        repeated.check(spec);
        Repetitions.check(spec, "--rate", rate, 1);
        Repetitions.check(spec, "--runs", runs, 1);
        Repetitions.check(spec, "--bytes", bytes, 1);
        Repetitions.check(spec, "--writers", writers, 1);
        Report report = new Report(spec, repeated);
        Tick tick = new Tick(bytes);
        Figures limits;
        try (BenchServers servers = new BenchServers()) {
            limits = limits(report, servers, tick);
        }
        Figures outrun =
                new LiveLoad(rate, runs, tick, writers).measure(report, timing, "outrun", true);
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
    private Figures limits(Report report, BenchServers servers, Tick tick) throws Exception {
        var postgres = servers.config().postgres();
        List<RunId> open = servers.openRuns(runs);
        servers.execute(PLAIN_TABLE);
        String kafka = servers.config().bootstrapServers();
        try (Writers plain = new Writers(postgres, writers, PLAIN_INSERT);
                Writers append = new Writers(postgres, writers, Writers.APPEND);
                WalReader reader = new WalReader(postgres);
                BareProducer producer = new BareProducer(kafka);
                TopicReader consumer = new TopicReader(kafka, List.of(BareProducer.TOPIC))) {
            reader.start();
            return timing.measure(
                    report,
                    "limits",
                    seconds -> {
                        long events = (long) rate * seconds;
                        Figures figures = new Figures();
                        figures.add(PLAIN_COMMIT, plain.write(open, rate, seconds, one(tick)));
                        figures.add(APPEND_COMMIT, append.write(open, rate, seconds, one(tick)));
                        figures.add(WAL, report.whole(reader.await(events), events));
                        producer.send(rate, seconds, tick::data);
                        return figures.add(KAFKA, report.whole(consumer.await(events), events));
                    });
        }
    }

    private static LongFunction<String> one(Tick tick) {
        return due -> tick.append(due, 1);
    }
}
