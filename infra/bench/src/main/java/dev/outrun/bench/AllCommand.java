package dev.outrun.bench;

import dev.outrun.schema.json.WireJson;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
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

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        List<Target> targets =
                Target.ALL.stream().filter(target -> target.words().startsWith(only)).toList();
        List<String> benches = targets.stream().map(Target::words).distinct().toList();
        Map<String, Object> kept = new LinkedHashMap<>();
        boolean good = true;
        for (String words : benches) {
            Map<?, ?> json = BenchProcess.run(words, quick ? quickWords(words) : List.of());
            good &= List.of().equals(json.get("wrong"));
            out.println("./outrun bench " + words);
            Map<String, Double> figures = new LinkedHashMap<>();
            for (Target target : targets) {
                if (target.words().equals(words)) {
                    double value = target.in(json);
                    figures.put(target.what(), value);
                    out.println(line(target, value));
                }
            }
            out.flush();
            kept.putIfAbsent("machine", Objects.requireNonNull(json.get("machine")));
            kept.put(
                    words,
                    Map.of(
                            "at", Objects.requireNonNull(json.get("at")),
                            "figures", figures,
                            "ratios", Objects.requireNonNull(json.get("ratios"))));
        }
        if (history != null) {
            Files.writeString(
                    history,
                    WireJson.mapper()
                            .writerWithDefaultPrettyPrinter()
                            .writeValueAsString(kept)
                            .concat("\n"));
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

    private static List<String> quickWords(String words) {
        boolean timed = !words.startsWith("drain") && !words.startsWith("restart");
        Stream<String> once =
                words.contains("--repetitions") ? Stream.of() : Stream.of("--repetitions", "1");
        Stream<String> short5 = timed ? Stream.of("--seconds", "5", "--warm-up", "5") : Stream.of();
        return Stream.concat(once, short5).toList();
    }
}
