package dev.outrun.bench;

import dev.outrun.bench.figure.Figures;
import dev.outrun.bench.figure.Micros;
import dev.outrun.bench.reader.Hops;
import dev.outrun.bench.reader.Journeys;
import dev.outrun.bench.stack.BenchRuns;
import dev.outrun.bench.stack.BenchStack;
import dev.outrun.ledger.StartRun;
import dev.outrun.schema.queue.QueueSettings.RunTopics;
import dev.outrun.schema.run.RunId;
import dev.outrun.worker.RunHandler;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Runs of five events, from the moment each was due until a live reader of the firehose has seen
 * its {@code run.completed}.
 */
@Command(
        name = "jobs",
        description =
                "Runs of five events: how long each takes, and how many a second there can be.",
        mixinStandardHelpOptions = true)
final class JobsCommand implements Callable<Integer> {

    static final String COMPLETED = "completed";

    private static final int STARTERS = 16;
    private static final Duration LAST = Duration.ofSeconds(60);

    @Spec CommandSpec spec;

    @Option(
            names = "--rate",
            defaultValue = "100",
            description = "Runs due a second (default: ${DEFAULT-VALUE}); 0: as many as can be.")
    int rate;

    @Option(
            names = "--open",
            defaultValue = "1000",
            description = "With --rate 0: runs open at a time (default: ${DEFAULT-VALUE}).")
    int open;

    @Mixin Servers on;

    @Mixin Timing timing;

    @Mixin Repetitions repeated;

    @Option(
            names = "--run-topics",
            description = "Which runs have topics of their own: each (default) or none.")
    RunTopics runTopics = RunTopics.EACH;

    private static Map<String, RunHandler> handlers() {
        return Map.of(
                "five",
                (run, input) -> {
                    run.emit("one", 1);
                    run.emit("two", 2);
                    return null;
                });
    }

    @Override
    public Integer call() throws Exception {
        Repetitions.check(spec, "--rate", rate, 0);
        Repetitions.check(spec, "--open", open, 1);
        timing.check(spec);
        repeated.check(spec);
        Report report = new Report(spec, repeated);
        try (BenchStack stack = new BenchStack(on.open(spec), handlers())) {
            BenchRuns.activate(stack.ledger(), runTopics);
            timing.measure(
                    report,
                    "jobs",
                    seconds -> {
                        Hops hops = repeat(stack, seconds);
                        Figures figures = new Figures();
                        figures.add(COMPLETED, hops.count() / (double) seconds, "runs/s");
                        hops.addTo(figures);
                        return figures;
                    });
            report.audited(stack.audit());
        }
        return report.end();
    }

    /** Starts runs for so many seconds, and waits for all of them. */
    private Hops repeat(BenchStack stack, int length) throws InterruptedException {
        Hops hops = new Hops();
        Semaphore places = new Semaphore(rate == 0 ? open : Integer.MAX_VALUE / 2);
        int free = places.availablePermits();
        AtomicBoolean counting = new AtomicBoolean(true);
        try (Journeys journeys =
                new Journeys(
                        stack.config(),
                        journey -> {
                            if (counting.get()) {
                                hops.add(journey);
                            }
                            places.release();
                        })) {
            start(stack, journeys, places, length);
            if (rate == 0) {
                counting.set(false); // what ends later was not done in this time
            }
            if (!places.tryAcquire(free, LAST.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException("runs have not ended within " + LAST);
            }
        }
        return hops;
    }

    /** Returns when the last run was started. */
    private void start(BenchStack stack, Journeys journeys, Semaphore places, int length) {
        long begin = Micros.now();
        long end = begin + length * Micros.PER_SECOND;
        try (ExecutorService starters = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int starter = 0; rate == 0 && starter < STARTERS; starter++) {
                starters.execute(() -> {
                    while (Micros.now() < end) {
                        start(stack, journeys, places, Micros.now());
                    }
                });
            }
            for (long number = 0; number < (long) rate * length; number++) {
                long due = begin + number * Micros.PER_SECOND / rate;
                Micros.sleepUntil(due);
                starters.execute(() -> start(stack, journeys, places, due));
            }
        }
    }

    private static void start(BenchStack stack, Journeys journeys, Semaphore places, long due) {
        places.acquireUninterruptibly();
        RunId run = stack.ledger().start(StartRun.with("five", "1").queue(BenchRuns.QUEUE).build());
        journeys.begun(run, due);
    }
}
