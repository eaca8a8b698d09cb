package dev.outrun.testkit.fault;

import dev.outrun.engine.Guarantee;
import dev.outrun.ledger.Ledger;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import dev.outrun.testkit.fault.EngineSchedule.Fault;
import dev.outrun.testkit.fault.Work.Started;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.process.JavaServer;
import dev.outrun.teststack.process.Server;
import dev.outrun.worker.KafkaSignals;
import dev.outrun.worker.ShareGroupTasks;
import dev.outrun.worker.Worker;
import dev.outrun.worker.WorkerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One schedule: everything but the engines in this process, and the engines in processes of their
 * own, which are hurt while runs come and go. One thread.
 */
final class EngineFaultRun implements AutoCloseable {

    /** As many runs are open at any time. */
    private static final int OPEN = 40;

    /** After the last fault. */
    private static final int LAST_ENDS = 60;

    /** Without a single end more: whatever was done, the engines go on by themselves. */
    private static final Duration STILL_MAX = Duration.ofSeconds(90);

    /** What no engine must say. */
    private static final List<String> TROUBLES =
            List.of("thread failed and starts again", "the log has a hole", "record skipped");

    private final TestStack stack;
    private final Guarantee guarantee;
    private final EngineSchedule schedule;
    private final Path folder;
    private final Work work = new Work();
    private final List<Server> engines = new ArrayList<>();
    private final Surroundings surroundings;
    private final Ledger ledger;
    private final List<Started> runs = new ArrayList<>();
    private final Set<RunId> open = new HashSet<>();
    private final List<String> story = new ArrayList<>();
    private final long begin = System.nanoTime();

    EngineFaultRun(TestStack stack, Guarantee guarantee, EngineSchedule schedule, Path folder)
            throws IOException, InterruptedException {
        this.stack = stack;
        this.guarantee = guarantee;
        this.schedule = schedule;
        this.folder = folder;
        this.surroundings = new Surroundings(stack);
        this.ledger = surroundings.ledger();
        boolean started = false;
        try {
            work.prepare(ledger);
            surroundings.keep(worker());
            for (int engine = 0; engine < schedule.engines(); engine++) {
                engines.add(surroundings.keep(engine(engine)));
            }
            started = true;
        } finally {
            if (!started) {
                close();
            }
        }
    }

    /** Does all that the schedule says, lets every run end, and returns what is not as it must. */
    List<String> play() throws InterruptedException {
        for (Fault fault : schedule.faults()) {
            await(fault.ends());
            note(fault.toString());
            Server engine = engines.get(fault.engine());
            Duration freeze = fault.freeze();
            if (freeze == null) {
                engine.kill();
            } else {
                engine.freeze(freeze);
            }
        }
        await(LAST_ENDS);
        note("no more runs are started");
        awaitAll();
        List<String> differences = work.differences(ledger, runs);
        differences.addAll(surroundings.differences());
        return differences;
    }

    int runs() {
        return runs.size();
    }

    int attempts() {
        return runs.stream().mapToInt(Started::attempts).sum();
    }

    /** What has been done so far, and how to do it again. */
    String story() {
        return "%s, seed %d, again with: ./outrun faults --engine --schedules 1 --seed %d%n%s%nlogs: %s"
                .formatted(
                        guarantee,
                        schedule.seed(),
                        schedule.seed(),
                        String.join("\n", story),
                        folder);
    }

    @Override
    public void close() {
        surroundings.close();
    }

    private Worker worker() {
        WorkerConfig config = WorkerConfig.of("faults", System.currentTimeMillis());
        return Worker.start(
                config,
                ledger,
                new KafkaSignals(stack.kafka(), stack.topics(), config),
                List.of(new ShareGroupTasks(stack.kafka(), stack.topics(), config)),
                work.handlers());
    }

    private JavaServer engine(int number) throws IOException {
        String name = "engine-" + number;
        return new JavaServer(
                new JavaServer.Program(
                        EngineProcess.class,
                        "256m",
                        EngineProcess.arguments(stack, guarantee, name, folder.resolve(name)),
                        EngineProcess.STARTED,
                        List.of(),
                        TROUBLES),
                folder.resolve(name + ".log"));
    }

    /** Waits for so many more ends, and starts another run for each. */
    private void await(int ends) {
        for (int left = ends; left > 0; ) {
            while (open.size() < OPEN) {
                Started run = work.start(ledger, runs.size());
                runs.add(run);
                open.add(run.run());
            }
            left -= awaitSome();
        }
    }

    private void awaitAll() {
        while (!open.isEmpty()) {
            awaitSome();
        }
    }

    /** Waits for an end, and returns how many there were. */
    private int awaitSome() {
        long deadline = System.nanoTime() + STILL_MAX.toNanos();
        int ended = 0;
        while (ended == 0) {
            for (Event event : surroundings.next()) {
                if (EventTypes.isTerminal(event.type()) && open.remove(event.run())) {
                    ended++;
                }
            }
            checkNoTrouble();
            if (ended == 0 && System.nanoTime() - deadline > 0) {
                throw new AssertionError(
                        "no run has ended for %s, of %d open: %s"
                                .formatted(STILL_MAX, open.size(), open));
            }
        }
        return ended;
    }

    private void checkNoTrouble() {
        for (Server engine : engines) {
            @Nullable String trouble = engine.trouble();
            if (trouble != null) {
                throw new AssertionError(trouble);
            }
        }
    }

    private void note(String what) {
        story.add(
                "  %6.1f s %5d runs, %3d open: %s"
                        .formatted(
                                (System.nanoTime() - begin) / 1e9, runs.size(), open.size(), what));
    }
}
