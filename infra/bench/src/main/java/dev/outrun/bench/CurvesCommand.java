package dev.outrun.bench;

import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The same figures while one thing grows: that cost grows as the work does, not faster. */
@Command(
        name = "curves",
        description =
                "The same figures while runs, a run's events, their size, clients or history grow:"
                        + " an hour.",
        mixinStandardHelpOptions = true)
final class CurvesCommand implements Callable<Integer> {

    /**
     * What grows, and what is seen of it.
     *
     * @param words of a bench, with {@code %d} for what grows
     */
    private record Curve(
            String grows, String words, List<Integer> sizes, List<List<String>> figures) {}

    private static final String SHORT = " --warm-up 30 --seconds 10 --repetitions 1";

    private static final List<Curve> CURVES =
            List.of(
                    new Curve(
                            "runs, 1,000 events a second over all of them",
                            "topics --runs %d" + SHORT,
                            List.of(100, 1_000, 10_000),
                            List.of(
                                    List.of("%d runs", LiveLoad.FIREHOSE, "p50"),
                                    List.of("%d runs", LiveLoad.FIREHOSE, "p99"),
                                    List.of("%d runs", LiveLoad.RUN_TOPICS, "p50"),
                                    List.of("%d runs", LiveLoad.RUN_TOPICS, "p99"))),
                    new Curve(
                            "events in each of 8 runs, of 100 bytes",
                            "drain --runs 8 --bytes 100 --repetitions 1 --events %d",
                            List.of(8_000, 80_000, 800_000, 8_000_000),
                            List.of(List.of("drain", DrainCommand.PUBLISHED))),
                    new Curve(
                            "bytes of an event's data",
                            "drain --events 20000 --repetitions 1 --bytes %d",
                            List.of(100, 1_000, 16_000, 256_000),
                            List.of(List.of("drain", DrainCommand.PUBLISHED))),
                    new Curve(
                            "clients over 100 runs, 100 events a second",
                            "sse --runs 100 --rate 100 --clients %d" + SHORT,
                            List.of(100, 1_000, 10_000),
                            List.of(
                                    List.of("clients", SseCommand.CLIENT, "p50"),
                                    List.of("clients", SseCommand.CLIENT, "p99"),
                                    List.of("memory", SseCommand.HEAP))),
                    new Curve(
                            "appends of the last month",
                            "history --repetitions 1 --appends %d",
                            List.of(100_000, 1_000_000, 10_000_000),
                            List.of(
                                    List.of("%d appends", HistoryCommand.APPEND, "p50"),
                                    List.of("%d appends", HistoryCommand.START, "p50"))));

    @Spec CommandSpec spec;

    @Option(names = "--only", description = "Those whose words begin with this.")
    String only = "";

    @Mixin Servers on;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        for (Curve curve : CURVES) {
            if (curve.words().startsWith(only)) {
                out.println(curve.grows());
                for (int size : curve.sizes()) {
                    Map<?, ?> json = BenchProcess.run(curve.words().formatted(size), on.words());
                    out.printf("%12d", size);
                    for (List<String> figure : curve.figures()) {
                        List<String> path =
                                figure.stream().map(name -> name.formatted(size)).toList();
                        String name = String.join(", ", path.subList(1, path.size()));
                        out.printf("  %s %.2f", name, Target.value(json, path));
                    }
                    out.println();
                    out.flush();
                }
            }
        }
        return 0;
    }
}
