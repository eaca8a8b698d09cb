package dev.outrun.testkit.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.engine.EngineProperties;
import dev.outrun.engine.Guarantee;
import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.StartRun;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.server.Engine;
import dev.outrun.streams.DeadLetters;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import dev.outrun.teststack.process.JavaServer;
import dev.outrun.teststack.process.Server;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * A worker that is killed or frozen in the middle of an attempt: its run goes on elsewhere, steps
 * that are done are not done again, and what the worker writes afterwards is refused.
 */
@ExtendWith(TestStackExtension.class)
@Timeout(value = 4, unit = TimeUnit.MINUTES)
@Execution(ExecutionMode.SAME_THREAD) // one of those at a time that start processes
final class WorkerFaultTest {

    private static final Duration READY_MAX = Duration.ofMinutes(1);

    /** Longer than a worker may be silent before its attempts are lost. */
    private static final Duration SILENCE = Duration.ofSeconds(14);

    @Test
    void workerKilled_losesItsAttempt_andTheNextDoesNoStepAgain(
            TestStack stack, @TempDir Path folder) throws Exception {
        play(stack, folder, Server::kill);
    }

    @Test
    void workerFrozen_writesNothingWhenItWakes(TestStack stack, @TempDir Path folder)
            throws Exception {
        play(stack, folder, worker -> worker.freeze(SILENCE));
    }

    private interface Fault {
        void hurt(Server worker) throws InterruptedException;
    }

    private static void play(TestStack stack, Path folder, Fault fault) throws Exception {
        try (Surroundings surroundings = new Surroundings(stack)) {
            // Given
            Ledger ledger = surroundings.ledger();
            surroundings.keep(engine(stack, folder)).awaitReady(READY_MAX);
            Map<String, JavaServer> workers = new HashMap<>();
            for (String name : List.of("one", "two")) {
                workers.put(name, surroundings.keep(worker(stack, folder, name)));
            }
            for (JavaServer worker : workers.values()) {
                worker.awaitReady(READY_MAX);
            }
            RunId run = ledger.start(StartRun.of(WorkerProcess.HANDLER, "1"));
            await(surroundings, event -> event.type().equals(WorkerProcess.ON_AND_ON));

            // When
            fault.hurt(Objects.requireNonNull(workers.get(claimant(ledger, run))));

            // Then
            await(surroundings, event -> EventTypes.isTerminal(event.type()));
            List<Event> log = ledger.events(run, 0, Integer.MAX_VALUE);
            assertEquals(EventTypes.COMPLETED, log.getLast().type());
            assertEquals(2, log.getLast().attempt());
            assertEquals(2, count(log, event -> event.type().equals(WorkerProcess.STEP)));
            assertEquals(2, count(log, event -> event.type().equals(EventTypes.STEP_COMPLETED)));
            assertEquals(0, lateWrites(log));
            assertEquals(List.of(), surroundings.differences());
        }
    }

    /** Events of the first attempt behind its end. */
    private static int lateWrites(List<Event> log) {
        int end = log.stream().map(Event::type).toList().indexOf(EventTypes.ATTEMPT_FAILED);
        return count(log.subList(end + 1, log.size()), event -> isWrittenBy(1, event));
    }

    private static boolean isWrittenBy(int attempt, Event event) {
        return event.attempt() == attempt && event.type().equals(WorkerProcess.ON_AND_ON);
    }

    private static int count(List<Event> log, Predicate<Event> which) {
        return (int) log.stream().filter(which).count();
    }

    private static void await(Surroundings surroundings, Predicate<Event> which) {
        while (surroundings.next().stream().noneMatch(which)) {}
    }

    /** The name of the worker that makes the run's first attempt. */
    private static String claimant(Ledger ledger, RunId run) throws IOException {
        Event started = ledger.events(run, 1, 1).getFirst();
        String session = WireJson.mapper().readTree(started.data()).get("worker").asText();
        return session.substring(0, session.indexOf('@'));
    }

    private static JavaServer worker(TestStack stack, Path folder, String name) throws IOException {
        return new JavaServer(
                new JavaServer.Program(
                        WorkerProcess.class,
                        "128m",
                        WorkerProcess.arguments(stack, name),
                        WorkerProcess.STARTED,
                        List.of(),
                        List.of()),
                folder.resolve(name + ".log"));
    }

    private static Engine engine(TestStack stack, Path folder) {
        return Engine.start(
                stack.topics(),
                new EngineProperties(
                        stack.kafka(),
                        stack.topics(),
                        Guarantee.AT_LEAST_ONCE,
                        "engine",
                        1,
                        folder.resolve("engine"),
                        1),
                new DeadLetters("engine"));
    }
}
