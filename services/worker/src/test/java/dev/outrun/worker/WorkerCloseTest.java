package dev.outrun.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class WorkerCloseTest {

    private static final String HANDED_BACK =
            "1 run.attempt.failed {\"error\":{\"code\":\"worker_stopped\","
                    + "\"message\":\"the worker has stopped\"},\"retryable\":true}";

    private final Loopback loopback = new Loopback();
    private final CountDownLatch running = new CountDownLatch(1);

    @AfterEach
    void close() {
        loopback.close();
    }

    @Test
    void close_interrupts_handlers_flushes_and_hands_back() throws Exception {
        // Given
        WorkerConfig patient = new WorkerConfig("w1", 1, 4, Duration.ofMinutes(1), Duration.ZERO);
        Worker worker =
                loopback.worker(
                        patient,
                        "sleeper",
                        (run, input) -> {
                            run.emit("n", 0);
                            running.countDown();
                            return new CountDownLatch(1).await(1, TimeUnit.HOURS);
                        });
        RunId run = loopback.start("sleeper", "1");
        running.await();

        // When
        worker.close();

        // Then
        assertEquals("1 n 0", loopback.log(run).get(2));
        assertEquals(HANDED_BACK, loopback.log(run).get(3));
        assertEquals(0, loopback.signals.left.getCount());
        assertEquals(0, worker.running());
    }

    @Test
    void close_lets_handlers_end_within_the_grace() throws Exception {
        // Given
        CountDownLatch go = new CountDownLatch(1);
        WorkerConfig graceful = new WorkerConfig("w1", 1, 4, Duration.ZERO, Duration.ofSeconds(30));
        Worker worker =
                loopback.worker(
                        graceful,
                        "slow",
                        (run, input) -> {
                            running.countDown();
                            go.await();
                            return "done";
                        });
        RunId run = loopback.start("slow", "1");
        running.await();
        CompletableFuture<Void> closed = CompletableFuture.runAsync(worker::close);

        // When
        go.countDown();
        closed.get(30, TimeUnit.SECONDS);

        // Then
        assertEquals("1 run.completed {\"output\":\"done\"}", loopback.log(run).getLast());
    }

    @Test
    void close_hands_back_the_attempt_of_a_handler_that_does_not_listen() throws Exception {
        // Given
        CountDownLatch go = new CountDownLatch(1);
        CompletableFuture<Throwable> refused = new CompletableFuture<>();
        Worker worker =
                loopback.worker(
                        "deaf",
                        (run, input) -> {
                            running.countDown();
                            awaitUninterruptibly(go);
                            try {
                                run.emit("late", null);
                            } catch (RunStoppedException e) {
                                refused.complete(e);
                            }
                            return "late";
                        });
        RunId run = loopback.start("deaf", "1");
        running.await();

        // When
        worker.close();

        // Then
        assertEquals(HANDED_BACK, loopback.log(run).get(2));
        go.countDown();
        assertInstanceOf(RunStoppedException.class, refused.get(30, TimeUnit.SECONDS));
        assertEquals(RunStatus.RETRYING, loopback.ledger.run(run).orElseThrow().status());
    }

    @Test
    void close_of_a_worker_that_runs_nothing_says_that_it_leaves() throws Exception {
        // Given
        Worker worker = loopback.worker("echo", (run, input) -> input.json());

        // When
        worker.close();
        worker.close();

        // Then
        assertTrue(loopback.signals.left.await(0, TimeUnit.SECONDS));
    }

    @Test
    void run_handed_back_is_completed_by_the_next_worker() throws Exception {
        // Given
        Worker first =
                loopback.worker(
                        "twice",
                        (run, input) -> {
                            running.countDown();
                            return new CountDownLatch(1).await(1, TimeUnit.HOURS);
                        });
        RunId run = loopback.start("twice", "1");
        running.await();
        first.close();

        // When
        loopback.worker("twice", (context, input) -> context.attempt());
        loopback.await(run, EventTypes.COMPLETED);

        // Then
        assertEquals("2 run.completed {\"output\":2}", loopback.log(run).getLast());
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        boolean done = false;
        while (!done) {
            try {
                latch.await();
                done = true;
            } catch (InterruptedException e) {
                // It does not listen: that is what it is for.
            }
        }
    }
}
