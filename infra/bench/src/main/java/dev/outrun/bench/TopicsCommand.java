package dev.outrun.bench;

import dev.outrun.bench.figure.Figures;
import dev.outrun.bench.stack.BenchStack;
import java.util.List;
import java.util.Map;
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

    @Spec CommandSpec spec;

    @Option(
            names = "--runs",
            defaultValue = "10000",
            description = "The many, held against 100 (default: ${DEFAULT-VALUE}).")
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
        Figures few = measure(report, FEW);
        Figures many = measure(report, runs);
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

    private Figures measure(Report report, int count) throws Exception {
        try (BenchStack stack = new BenchStack(on.open(spec), Map.of())) {
            return new LiveLoad(load, count).measure(stack, report, timing, count + " runs", false);
        }
    }
}
