package dev.outrun.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.ledger.HookedLedger;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What a handler waits for without a worker, where threads, interrupts and lost answers are real.
 */
final class DurableWorkerTest {

    private static final Duration HOUR = Duration.ofHours(1);

    private final Loopback loopback = new Loopback();

    @AfterEach
    void close() {
        loopback.close();
    }

    @Test
    void sleeping_run_takes_no_place() throws Exception {
        // Given
        WorkerConfig one = new WorkerConfig("w1", 1, 1, Duration.ZERO, Duration.ZERO);
        loopback.worker(
                one,
                "it",
                (run, input) -> {
                    if (input.tree().asBoolean()) {
                        run.emit("before", 1);
                        run.sleep(HOUR);
                    }
                    return "done";
                });
        RunId asleep = loopback.start("it", "true");
        loopback.await(asleep, EventTypes.SUSPENDED);

        // When
        RunId other = loopback.start("it", "false");
        loopback.await(other, EventTypes.COMPLETED);
        loopback.ledger.resume(asleep);
        loopback.await(asleep, EventTypes.COMPLETED);

        // Then
        assertEquals("1 before 1", loopback.log(asleep).get(2));
        assertEquals("2 run.completed {\"output\":\"done\"}", loopback.log(asleep).getLast());
    }

    @Test
    void suspension_whose_answer_is_lost_is_said_again() throws Exception {
        // Given
        AtomicInteger said = new AtomicInteger();
        loopback.worker(
                Loopback.config(),
                (method, arguments, call) -> {
                    Object answer = call.run();
                    if (method.equals("suspend") && said.incrementAndGet() == 1) {
                        throw new OutrunException(ErrorCode.UNAVAILABLE, "away");
                    }
                    return answer;
                },
                Map.of("it", (run, input) -> run.awaitSignal("go", String.class)));
        RunId run = loopback.start("it", "1");
        loopback.await(run, EventTypes.SUSPENDED);

        // When
        loopback.ledger.signal(run, "go", "\"now\"");
        loopback.await(run, EventTypes.COMPLETED);

        // Then
        assertEquals("2 run.completed {\"output\":\"now\"}", loopback.log(run).getLast());
        assertEquals(
                1,
                loopback.log(run).stream().filter(line -> line.contains("run.suspended")).count());
    }

    @Test
    void signal_that_comes_as_the_run_is_being_suspended_is_not_missed() throws Exception {
        // Given
        loopback.worker(
                Loopback.config(),
                (method, arguments, call) -> {
                    if (method.equals("suspend")) {
                        loopback.ledger.signal((RunId) arguments[0], "go", "\"just\"");
                    }
                    return call.run();
                },
                Map.of("it", (run, input) -> run.awaitSignal("go", String.class)));

        // When
        RunId run = loopback.start("it", "1");
        loopback.await(run, EventTypes.COMPLETED);

        // Then
        assertEquals("1 run.completed {\"output\":\"just\"}", loopback.log(run).getLast());
    }

    @Test
    void run_that_is_cancelled_as_it_is_being_suspended_is_cancelled() throws Exception {
        // Given
        CountDownLatch suspending = new CountDownLatch(1);
        CountDownLatch cancelled = new CountDownLatch(1);
        HookedLedger.Hook slowly =
                (method, arguments, call) -> {
                    if (method.equals("suspend")) {
                        suspending.countDown();
                        cancelled.await();
                    }
                    return call.run();
                };
        loopback.worker(
                Loopback.config(),
                slowly,
                Map.of(
                        "it",
                        (run, input) -> {
                            run.sleep(HOUR);
                            return null;
                        }));
        RunId run = loopback.start("it", "1");
        suspending.await();

        // When
        loopback.ledger.cancel(run, null);
        loopback.signals.interrupt(run, 1);
        cancelled.countDown();

        // Then
        loopback.await(run, EventTypes.CANCELLED);
    }

    @Test
    void other_threads_of_a_suspended_handler_write_nothing_more() throws Exception {
        // Given
        CompletableFuture<RunStoppedException> stopped = new CompletableFuture<>();
        CountDownLatch suspended = new CountDownLatch(1);
        loopback.worker(
                "it",
                (run, input) -> {
                    Thread.ofVirtual()
                            .start(() -> {
                                try {
                                    suspended.await();
                                } catch (InterruptedException e) {
                                    Thread.currentThread().interrupt();
                                }
                                stopped.complete(
                                        assertThrows(
                                                RunStoppedException.class,
                                                () -> run.emit("late", 1)));
                            });
                    try {
                        run.sleep(HOUR);
                    } finally {
                        suspended.countDown();
                        stopped.get(30, TimeUnit.SECONDS);
                    }
                    return null;
                });

        // When
        RunId run = loopback.start("it", "1");
        loopback.await(run, EventTypes.SUSPENDED);

        // Then
        assertEquals("the run is suspended", stopped.get(30, TimeUnit.SECONDS).getMessage());
        assertEquals(
                List.of(), loopback.log(run).stream().filter(l -> l.contains("late")).toList());
    }
}
