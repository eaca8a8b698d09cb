package dev.outrun.bench;

import dev.outrun.connector.audit.AuditReport;
import dev.outrun.ledger.StartRun;
import dev.outrun.schema.run.RunId;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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

    @Mixin Repetitions repeated;

    @Override
    public Integer call() throws Exception {
        repeated.check(spec);
        Repetitions.check(spec, "--clients", clients, 1);
        Repetitions.check(spec, "--slow", slow, 0);
        Repetitions.check(spec, "--runs", runs, 1);
        Repetitions.check(spec, "--rate", rate, 1);
        PrintWriter out = spec.commandLine().getOut();
        try (BenchStack stack = new BenchStack(Map.of("nobody", (run, input) -> null))) {
            List<RunId> open = open(stack);
            repeat(stack, open, 5); // what one event needs is loaded
            long before = heapBytes();
            Process process = clients(stack, open);
            try (BufferedReader said = process.inputReader();
                    PrintWriter ask = new PrintWriter(process.outputWriter(), true)) {
                if (!"ready".equals(said.readLine())) {
                    throw new IllegalStateException("the clients did not connect");
                }
                long perClient = (heapBytes() - before) / (clients + slow);
                out.printf("%d clients: %.1f KiB of heap each%n", clients, perClient / 1024.0);
                repeat(stack, open, repeated.warmUp);
                report(said, ask);
                boolean all = true;
                for (int repetition = 1; repetition <= repeated.count; repetition++) {
                    repeat(stack, open, repeated.seconds);
                    stack.audit(); // has everything published
                    long[] ages = report(said, ask);
                    long expected = (long) rate * repeated.seconds * clients / runs;
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
                AuditReport audit = stack.audit();
                out.printf("audited: %d events, %d differences%n", audit.events(), audit.found());
                out.flush();
                return all && audit.isClean() ? GOOD : BAD;
            } finally {
                process.destroyForcibly().waitFor();
            }
        }
    }

    /** Runs that nobody makes an attempt of, so that what is appended is all that happens. */
    private List<RunId> open(BenchStack stack) {
        stack.ledger().changeQueue("bench", "{\"mode\":\"paused\",\"width\":4}");
        List<RunId> open = new ArrayList<>();
        for (int n = 0; n < runs; n++) {
            open.add(stack.ledger().start(StartRun.with("nobody", "1").queue("bench").build()));
        }
        return open;
    }

    private Process clients(BenchStack stack, List<RunId> open) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx512m", "-cp", System.getProperty("java.class.path")));
        command.add(SseClients.class.getName());
        command.addAll(
                List.of(
                        Integer.toString(stack.url().getPort()),
                        Integer.toString(clients),
                        Integer.toString(slow)));
        open.forEach(run -> command.add(run.toString()));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    /** Appends events to the runs in turn, each at its time, for so many seconds. */
    private void repeat(BenchStack stack, List<RunId> open, int length) {
        long begin = Journeys.now();
        try (ExecutorService writers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (long number = 0; number < (long) rate * length; number++) {
                RunId run = open.get((int) (number % open.size()));
                sleepUntil(begin + number * 1_000_000 / rate);
                writers.execute(() ->
                        stack.ledger()
                                .append(
                                        run,
                                        null,
                                        "[{\"type\":\"tick\",\"data\":" + Journeys.now() + "}]"));
            }
        }
    }

    /** Frames, and their ages in microseconds: p50, p90, p99, the greatest. */
    private static long[] report(BufferedReader said, PrintWriter ask) throws IOException {
        ask.println("report");
        String line = said.readLine();
        if (line == null) {
            throw new IllegalStateException("the clients have ended");
        }
        return Arrays.stream(line.split(" ", -1)).mapToLong(Long::parseLong).toArray();
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
