package dev.outrun.bench;

import dev.outrun.bench.reader.Hops;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * What Outrun replaces, measured by a harness of its own, and Outrun, one after the other on the
 * same machine: a table.
 */
@Command(
        name = "peers",
        description =
                "A poller, pg-listen and BullMQ, by their own harness, Debezium's embedded engine,"
                        + " and Outrun, side by side: half an hour.",
        mixinStandardHelpOptions = true)
final class PeersCommand implements Callable<Integer> {

    private static final List<String> RATES = List.of("100", "1000", "5000");
    private static final List<String> PUBLISHERS = List.of("A2", "B", "B2");
    private static final List<String> QUEUES = List.of("C", "C2");

    private static final String ROW = "| %s | %s | %s | %s | %s |%n";

    @Spec CommandSpec spec;

    @Option(
            names = "--harness",
            paramLabel = "FOLDER",
            required = true,
            description = "Where its run.sh is; its servers run, and its peers are installed.")
    Path harness;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(
                ROW,
                "events due a second",
                "system",
                "due to reader p50 ms",
                "p99 ms",
                "written/s");
        out.printf(ROW, "---", "---", "---", "---", "---");
        for (String rate : RATES) {
            for (String peer : PUBLISHERS) {
                Map<?, ?> figures = peer(peer, "p" + rate);
                row(out, rate, peer, figures, "due_p50_ms", "due_p99_ms", "insert_rate");
            }
            Map<?, ?> debezium = BenchProcess.run("debezium --rate " + rate, List.of());
            for (String part : List.of("default settings", "tuned")) {
                Map<?, ?> ages = row(debezium, part, "due to consumer");
                row(out, rate, "Debezium, " + part, ages, "p50", "p99", "");
            }
            Map<?, ?> latency = BenchProcess.run("latency --rate " + rate, List.of());
            for (String reader :
                    List.of(LiveLoad.FIREHOSE, LiveLoad.RUN_TOPICS, LiveLoad.STREAMS)) {
                row(
                        out,
                        rate,
                        "Outrun, " + reader,
                        row(latency, "outrun", reader),
                        "p50",
                        "p99",
                        "");
            }
        }
        for (String peer : QUEUES) {
            row(out, "100 jobs", peer, peer(peer, "p100"), "e2e_p50_ms", "e2e_p99_ms", "jobs_s");
            row(
                    out,
                    "burst of jobs",
                    peer,
                    peer(peer, "burst"),
                    "e2e_p50_ms",
                    "e2e_p99_ms",
                    "jobs_s");
        }
        jobs(out, "100 jobs", "jobs --rate 100 --run-topics none");
        jobs(out, "burst of jobs", "jobs --rate 0 --open 300 --run-topics none");
        return 0;
    }

    private static void jobs(PrintWriter out, String load, String words)
            throws IOException, InterruptedException {
        Map<?, ?> jobs = BenchProcess.run(words, List.of());
        Map<Object, Object> figures = new HashMap<>(row(jobs, "jobs", Hops.WHOLE));
        figures.put("completed", row(jobs, "jobs", JobsCommand.COMPLETED).get("value"));
        row(out, load, "Outrun", figures, "p50", "p99", "completed");
    }

    private Map<?, ?> peer(String peer, String scenario) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(harness.resolve("run.sh").toString());
        command.addAll(List.of(peer, scenario));
        return BenchProcess.run(command);
    }

    private static Map<?, ?> row(Map<?, ?> json, String part, String row) {
        return (Map<?, ?>) Target.at(json, "parts", part, "medians", row);
    }

    private static void row(
            PrintWriter out,
            String load,
            String system,
            Map<?, ?> figures,
            String p50,
            String p99,
            String rate) {
        out.printf(ROW, load, system, text(figures, p50), text(figures, p99), text(figures, rate));
        out.flush();
    }

    private static String text(Map<?, ?> figures, String name) {
        return figures.get(name) instanceof Number number
                ? "%.1f".formatted(number.doubleValue())
                : "";
    }
}
