package dev.outrun.bench;

import dev.outrun.bench.figure.Figures;
import dev.outrun.bench.load.Writers;
import dev.outrun.bench.reader.ClientProcess;
import dev.outrun.bench.stack.BenchRuns;
import dev.outrun.bench.stack.BenchStack;
import dev.outrun.schema.queue.QueueSettings.RunTopics;
import dev.outrun.schema.run.RunId;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Many event-stream clients on one node: how old an event is when each of them has it. */
@Command(
        name = "sse",
        description =
                "Event-stream clients: how long an event takes from its append to each of them,"
                        + " and the heap that a client costs.",
        mixinStandardHelpOptions = true)
final class SseCommand implements Callable<Integer> {

    static final String CLIENT = "due to client";
    static final String HEAP = "heap of a client, after";

    private static final int GONE_MAX_SECONDS = 60;

    @Spec CommandSpec spec;

    @Option(
            names = "--clients",
            defaultValue = "10000",
            description = "Open event streams (default: ${DEFAULT-VALUE}).")
    int clients;

    @Option(
            names = "--slow",
            defaultValue = "0",
            description = "More clients, which never read (default: ${DEFAULT-VALUE}).")
    int slow;

    @Option(
            names = "--runs",
            defaultValue = "1000",
            description = "Runs they are dealt out over (default: ${DEFAULT-VALUE}).")
    int runs;

    @Option(
            names = "--run-topics",
            description = "Which runs have topics of their own: each (default) or none.")
    RunTopics runTopics = RunTopics.EACH;

    @Mixin Servers on;

    @Mixin Load load;

    @Mixin Timing timing;

    @Mixin Repetitions repeated;

    @Override
    public Integer call() throws Exception {
        load.check(spec);
        timing.check(spec);
        repeated.check(spec);
        Repetitions.check(spec, "--clients", clients, 1);
        Repetitions.check(spec, "--slow", slow, 0);
        Repetitions.check(spec, "--runs", runs, 1);
        Report report = new Report(spec, repeated);
        try (BenchStack stack = new BenchStack(on.open(spec), Map.of());
                Writers append =
                        new Writers(stack.config().postgres(), load.writers, Writers.APPEND)) {
            List<RunId> open = BenchRuns.open(stack.ledger(), runs, runTopics);
            // The first clients of all find code that is not compiled yet, whose stacks are larger.
            try (ClientProcess warmedUp = clients(stack, open)) {
                repeat(append, open, timing.warmUp);
                warmedUp.report(frames(timing.warmUp));
            }
            awaitEndOfStreams(stack, append, open);
            long before = heapBytes();
            try (ClientProcess measured = clients(stack, open)) {
                Figures heap =
                        new Figures().add("heap of a client, idle", kibPerClient(before), "KiB");
                report.repeat(
                        "clients",
                        () -> {
                            repeat(append, open, timing.seconds);
                            return arrived(measured, report);
                        });
                report.once("memory", heap.add(HEAP, kibPerClient(before), "KiB"));
                report.audited(stack.audit());
            }
        }
        return report.end();
    }

    private Figures arrived(ClientProcess measured, Report report) throws IOException {
        long frames = frames(timing.seconds);
        return new Figures().add(CLIENT, report.whole(measured.report(frames), frames));
    }

    private ClientProcess clients(BenchStack stack, List<RunId> open) throws IOException {
        return ClientProcess.start(stack.url().getPort(), clients, slow, open);
    }

    /** Clients that have gone are noticed when something is written to them. */
    private void awaitEndOfStreams(BenchStack stack, Writers append, List<RunId> open)
            throws IOException, InterruptedException, ExecutionException {
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpRequest metrics = HttpRequest.newBuilder(stack.url().resolve("/metrics")).build();
            for (int second = 0; second < GONE_MAX_SECONDS; second++) {
                repeat(append, open, 1);
                String said = http.send(metrics, HttpResponse.BodyHandlers.ofString()).body();
                if (said.lines().anyMatch("outrun_api_streams 0.0"::equals)) {
                    return;
                }
            }
        }
        throw new IllegalStateException("streams whose client has gone stay open");
    }

    /** Appends events to the runs in turn, each at its time, for so many seconds. */
    private void repeat(Writers append, List<RunId> open, int length)
            throws InterruptedException, ExecutionException {
        append.write(open, load.rate, length, load.tick()::one);
    }

    /** How many frames all clients get of so many seconds' events. */
    private long frames(int length) {
        long events = load.events(length);
        long frames = 0;
        for (int run = 0; run < runs; run++) {
            frames += share(events, run) * share(clients, run);
        }
        return frames;
    }

    /** What a run has of what is dealt out over all of them. */
    private long share(long dealt, int run) {
        return dealt / runs + (run < dealt % runs ? 1 : 0);
    }

    private double kibPerClient(long before) {
        return (heapBytes() - before) / 1024.0 / (clients + slow);
    }

    private static long heapBytes() {
        for (int n = 0; n < 3; n++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
