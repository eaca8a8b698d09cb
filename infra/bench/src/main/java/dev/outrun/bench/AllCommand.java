package dev.outrun.bench;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** All benches that have a target, each in a process of its own, and whether it was reached. */
@Command(
        name = "all",
        description = "All benches that have a target, one after the other: an hour or more.",
        mixinStandardHelpOptions = true)
final class AllCommand implements Callable<Integer> {

    private static final int GOOD = 0;
    private static final int BAD = 1;

    @Spec CommandSpec spec;

    @Option(
            names = "--only",
            description = "Those whose words begin with these: \"drain\", \"latency --rate 5000\".")
    String only = "";

    @Option(
            names = "--quick",
            description = "One repetition of five seconds, to see that all of it works.")
    boolean quick;

    @Option(
            names = "--history",
            paramLabel = "FILE",
            description = "Keeps the figures that have a target, and all ratios, in this file.")
    @Nullable Path history;

    @Option(
            names = "--against",
            paramLabel = "FILE",
            description = "Says which figures are worse than in this file of another --history.")
    @Nullable Path against;

    @Mixin Servers on;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        List<Target> targets =
                Target.ALL.stream()
                        .filter(target -> target.words().startsWith(only))
                        .filter(target -> on.areOwn() || !target.isOnOwnServersOnly())
                        .toList();
        List<String> benches = targets.stream().map(Target::words).distinct().toList();
        History before = against == null ? new History() : History.read(against);
        History now = history == null ? new History() : History.read(history);
        boolean good = true;
        for (String words : benches) {
            List<String> more = new ArrayList<>(on.words());
            if (quick) {
                more.addAll(quickWords(words));
            }
            Map<?, ?> json = BenchProcess.run(words, more);
            good &= List.of().equals(json.get("wrong"));
            out.println("./outrun bench " + words);
            Map<String, Double> figures = new LinkedHashMap<>();
            for (Target target : targets) {
                if (target.words().equals(words)) {
                    double value = target.in(json);
                    figures.put(target.what(), value);
                    out.println(line(target, value) + regression(target, value, before));
                }
            }
            out.flush();
            now.keep(words, json, figures);
            if (history != null) {
                now.write(history);
            }
        }
        return good ? GOOD : BAD;
    }

    private static String line(Target target, double value) {
        return "   %-50s %10.2f  %s %9.2f  %s"
                .formatted(
                        target.what(),
                        value,
                        target.atMost() ? "at most " : "at least",
                        target.bound(),
                        target.isReached(value)
                                ? "reached"
                                : "NOT reached, %.2f of it".formatted(target.ratio(value)));
    }

    private static String regression(Target target, double value, History history) {
        OptionalDouble before = history.figure(target);
        return before.isPresent() && target.isRegression(value, before.getAsDouble())
                ? "; REGRESSION, it was %.2f".formatted(before.getAsDouble())
                : "";
    }

    private static List<String> quickWords(String words) {
        boolean timed = !words.startsWith("drain") && !words.startsWith("restart");
        Stream<String> once =
                words.contains("--repetitions") ? Stream.of() : Stream.of("--repetitions", "1");
        Stream<String> short5 = timed ? Stream.of("--seconds", "5", "--warm-up", "5") : Stream.of();
        return Stream.concat(once, short5).toList();
    }
}
