package dev.outrun.bench;

import dev.outrun.connector.audit.AuditReport;
import dev.outrun.ledger.StartRun;
import dev.outrun.schema.queue.QueueSettings.RunTopics;
import dev.outrun.schema.run.RunId;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
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

    private static final int GOOD = 0;
    private static final int BAD = 1;

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
            names = "--rate",
            defaultValue = "1000",
            description = "Events a second, over all runs (default: ${DEFAULT-VALUE}).")
    int rate;

    @Option(
            names = "--run-topics",
            description = "Which runs have topics of their own: each (default) or none.")
    RunTopics runTopics = RunTopics.EACH;

    @Mixin Repetitions repeated;

    @Override
    public Integer call() throws Exception {
        repeated.check(spec);
        Repetitions.check(spec, "--clients", clients, 1);
        Repetitions.check(spec, "--slow", slow, 0);
        Repetitions.check(spec, "--runs", runs, 1);
        Repetitions.check(spec, "--rate", rate, 1);
        PrintWriter out = spec.commandLine().getOut();
        // The first clients of all find code that is not compiled yet, whose stacks are larger.
        try (BenchStack stack = new BenchStack(Map.of("nobody", (run, input) -> null))) {
            List<RunId> open = open(stack);
            try (ClientProcess clients = clients(stack, open)) {
                repeat(stack, open, repeated.warmUp);
                clients.report(frames(repeated.warmUp));
            }
            awaitEndOfStreams(stack, open);
            long before = heapBytes();
            try (ClientProcess clients = clients(stack, open)) {
                out.printf("idle: %.1f KiB of heap for each client%n", kibPerClient(before));
                boolean all = true;
                for (int repetition = 1; repetition <= repeated.count; repetition++) {
                    repeat(stack, open, repeated.seconds);
                    long expected = frames(repeated.seconds);
                    long[] ages = clients.report(expected);
                    out.printf(
                            "%d: %d frames of %d, p50 %.1f  p90 %.1f  p99 %.1f  max %.1f ms%n",
                            repetition,
                            ages[0],
                            expected,
                            ages[1] / 1e3,
                            ages[2] / 1e3,
                            ages[3] / 1e3,
                            ages[4] / 1e3);
                    out.flush();
                    all &= ages[0] == expected;
                }
                out.printf("after: %.1f KiB of heap for each client%n", kibPerClient(before));
                AuditReport audit = stack.audit();
                out.printf("audited: %d events, %d differences%n", audit.events(), audit.found());
                out.flush();
                return all && audit.isClean() ? GOOD : BAD;
            }
        }
    }

    /** Runs that nobody makes an attempt of, so that what is appended is all that happens. */
    private List<RunId> open(BenchStack stack) {
        stack.setQueue("paused", runTopics);
        List<RunId> open = new ArrayList<>();
        for (int n = 0; n < runs; n++) {
            open.add(stack.ledger().start(StartRun.with("nobody", "1").queue(BenchStack.QUEUE).build()));
        }
        return open;
    }

    private ClientProcess clients(BenchStack stack, List<RunId> open) throws IOException {
        return ClientProcess.start(stack.url().getPort(), clients, slow, open);
    }

    /** Clients that have gone are noticed when something is written to them. */
    private void awaitEndOfStreams(BenchStack stack, List<RunId> open)
            throws IOException, InterruptedException {
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpRequest metrics = HttpRequest.newBuilder(stack.url().resolve("/metrics")).build();
            for (int second = 0; second < GONE_MAX_SECONDS; second++) {
                repeat(stack, open, 1);
                String said = http.send(metrics, HttpResponse.BodyHandlers.ofString()).body();
                if (said.lines().anyMatch("outrun_api_streams 0.0"::equals)) {
                    return;
                }
            }
        }
        throw new IllegalStateException("streams whose client has gone stay open");
    }

    /** Appends events to the runs in turn, each at its time, for so many seconds. */
    private void repeat(BenchStack stack, List<RunId> open, int length) {
        long begin = Journeys.now();
        try (ExecutorService writers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (long number = 0; number < (long) rate * length; number++) {
                RunId run = open.get((int) (number % open.size()));
                long due = begin + number * 1_000_000 / rate;
                sleepUntil(due);
                String events = "[{\"type\":\"tick\",\"data\":" + due + "}]";
                writers.execute(() -> stack.ledger().append(run, null, events));
            }
        }
    }

    /** How many frames all clients get of so many seconds' events. */
    private long frames(int length) {
        long events = (long) rate * length;
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

    private static void sleepUntil(long micros) {
        for (long left = micros - Journeys.now(); left > 0; left = micros - Journeys.now()) {
            LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(left));
        }
    }
}
