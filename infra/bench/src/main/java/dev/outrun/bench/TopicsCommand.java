package dev.outrun.bench;

import dev.outrun.bench.figure.Figures;
import dev.outrun.bench.load.Tick;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The same load over few and over many run topics: what the many cost. */
@Command(
        name = "topics",
        description =
                "The same rate of events over few runs and over many, fully interleaved: what many"
                        + " live run topics cost the firehose's readers and their own.",
        mixinStandardHelpOptions = true)
final class TopicsCommand implements Callable<Integer> {

    private static final int FEW = 100;
    private static final int WRITERS = 16;

    @Spec CommandSpec spec;

    @Option(
            names = "--rate",
            defaultValue = "1000",
            description = "Events due a second (default: ${DEFAULT-VALUE}).")
    int rate;

    @Option(
            names = "--runs",
            defaultValue = "10000",
            description = "The many, held against 100 (default: ${DEFAULT-VALUE}).")
    int runs;

    @Option(
            names = "--bytes",
            defaultValue = "300",
            description = "Of an event's data (default: ${DEFAULT-VALUE}).")
    int bytes;

    @Mixin Timing timing;

    @Mixin Repetitions repeated;

    @Override
    public Integer call() throws Exception {
        timing.check(spec);
        repeated.check(spec);
        Repetitions.check(spec, "--rate", rate, 1);
        Repetitions.check(spec, "--runs", runs, 1);
        Repetitions.check(spec, "--bytes", bytes, 1);
        Report report = new Report(spec, repeated);
        Tick tick = new Tick(bytes);
        Figures few =
                new LiveLoad(rate, FEW, tick, WRITERS)
                        .measure(report, timing, FEW + " runs", false);
        Figures many =
                new LiveLoad(rate, runs, tick, WRITERS)
                        .measure(report, timing, runs + " runs", false);
        for (String percentile : List.of("p50", "p99")) {
            for (String reader : List.of(LiveLoad.FIREHOSE, LiveLoad.RUN_TOPICS)) {
                report.ratio(
                        reader + ", " + percentile,
                        many.value(reader, percentile),
                        few.value(reader, percentile));
            }
        }
        return report.end();
    }
}
