package dev.outrun.testkit;

import static dev.outrun.testkit.LogAssert.assertSameLogEverywhere;
import static dev.outrun.testkit.LogAssert.data;
import static dev.outrun.testkit.LogAssert.types;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.ledger.StartRun;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Workers in Python's standard library, over HTTP, next to the Java worker of the same Outrun. */
@ExtendWith(OutrunExtension.class)
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class PythonWorkerTest {

    private static final Path GREET = PythonWorker.EXAMPLES.resolve("greet.py");
    private static final Path ON_AND_ON = Path.of("src/test/resources/on_and_on.py");

    /** Longer than an attempt may be silent before it is lost. */
    private static final Duration SILENCE = Duration.ofSeconds(14);

    @Test
    void exampleWorker_makesItsRun(TestOutrun outrun) throws Exception {
        try (PythonWorker worker = PythonWorker.start(GREET, outrun.url())) {
            // When
            RunId run = start(outrun, "greet", "{\"names\":[\"Grace\",\"Ada\"]}");
            List<Event> log = outrun.awaitEnd(run);

            // Then
            assertEquals(
                    List.of(
                            "run.requested",
                            "run.attempt.started",
                            "step.completed",
                            "token.delta",
                            "step.completed",
                            "token.delta",
                            "step.completed",
                            "run.completed"),
                    types(log));
            assertEquals("\"Hello, Ada! \"", data(log.get(3)));
            assertEquals("{\"output\":{\"greeted\": 2}}", data(log.getLast()));
            assertSameLogEverywhere(outrun, run);
            assertEquals(0, worker.stop());
        }
    }

    @Test
    void workerKilled_losesItsAttempt_andTheNextDoesNoStepAgain(TestOutrun outrun)
            throws Exception {
        try (PythonWorker first = worker(outrun, "5")) {
            // Given
            RunId run = start(outrun, "on-and-on", "1");
            awaitEvent(outrun, run, "on");

            try (PythonWorker second = worker(outrun, "5")) {
                // When
                first.kill();
                List<Event> log = outrun.awaitEnd(run);

                // Then
                assertGoesOnElsewhere(log, "attempt_lost");
                assertEquals(0, second.stop());
            }
        }
    }

    @Test
    void workerFrozen_writesNothingWhenItWakes(TestOutrun outrun) throws Exception {
        try (PythonWorker first = worker(outrun, "5")) {
            // Given
            RunId run = start(outrun, "on-and-on", "1");
            awaitEvent(outrun, run, "on");

            try (PythonWorker second = worker(outrun, "5")) {
                // When
                first.freeze(SILENCE);
                List<Event> log = outrun.awaitEnd(run);
                String refusal = first.nextLine();

                // Then
                assertGoesOnElsewhere(log, "attempt_lost");
                assertTrue(List.of("stale_attempt", "run_closed").contains(refusal), refusal);
                assertEquals(
                        LogAssert.envelopes(log),
                        LogAssert.envelopes(outrun.ledger().events(run, 0, Integer.MAX_VALUE)));
                assertEquals(0, second.stop());
            }
        }
    }

    @Test
    void workerStopped_handsItsAttemptBack(TestOutrun outrun) throws Exception {
        try (PythonWorker first = worker(outrun, "0.2")) {
            // Given
            RunId run = start(outrun, "on-and-on", "1");
            awaitEvent(outrun, run, "on");

            try (PythonWorker second = worker(outrun, "5")) {
                // When
                int exit = first.stop();
                List<Event> log = outrun.awaitEnd(run);

                // Then
                assertEquals(0, exit);
                assertGoesOnElsewhere(log, "worker_stopped");
                assertEquals(0, second.stop());
            }
        }
    }

    @Test
    void cancel_reachesTheHandlerWithAHeartbeat(TestOutrun outrun) throws Exception {
        try (PythonWorker worker = worker(outrun, "5")) {
            // Given
            RunId run = start(outrun, "on-and-on", "1");
            awaitEvent(outrun, run, "on");

            // When
            outrun.ledger().cancel(run, null);
            List<Event> log = outrun.awaitEnd(run);

            // Then
            assertEquals(EventTypes.CANCELLED, log.getLast().type());
            assertEquals(RunStatus.CANCELLED, outrun.ledger().run(run).orElseThrow().status());
            assertEquals(0, worker.stop());
        }
    }

    private static void assertGoesOnElsewhere(List<Event> log, String code) {
        assertEquals(EventTypes.COMPLETED, log.getLast().type());
        assertEquals("{\"output\":2}", data(log.getLast()));
        assertEquals(1, log.stream().filter(event -> event.type().equals("did")).count());
        List<Event> failed =
                log.stream()
                        .filter(event -> event.type().equals(EventTypes.ATTEMPT_FAILED))
                        .toList();
        assertEquals(1, failed.size());
        assertTrue(data(failed.getFirst()).contains(code), data(failed.getFirst()));
        List<Event> behind = log.subList(log.indexOf(failed.getFirst()) + 1, log.size());
        assertEquals(0, behind.stream().filter(event -> event.type().equals("on")).count());
    }

    private static PythonWorker worker(TestOutrun outrun, String grace) throws IOException {
        return PythonWorker.start(ON_AND_ON, outrun.url(), grace);
    }

    /** Starts a run as soon as somebody offers its handler. */
    private static RunId start(TestOutrun outrun, String handler, String input) {
        while (true) {
            try {
                return outrun.ledger().start(StartRun.of(handler, input));
            } catch (OutrunException e) {
                assertEquals(ErrorCode.UNKNOWN_HANDLER, e.code());
            }
        }
    }

    private static void awaitEvent(TestOutrun outrun, RunId run, String type)
            throws InterruptedException {
        CountDownLatch seen = new CountDownLatch(1);
        Thread.ofVirtual()
                .start(() ->
                        outrun.api()
                                .follow(
                                        run.toString(),
                                        0,
                                        line -> {
                                            if (line.envelope().contains("\"" + type + "\"")) {
                                                seen.countDown();
                                            }
                                        }));
        seen.await();
    }
}
