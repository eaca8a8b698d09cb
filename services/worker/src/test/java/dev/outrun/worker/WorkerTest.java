package dev.outrun.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.ledger.HookedLedger;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.work.Task;
import dev.outrun.worker.TaskDesk.Answer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class WorkerTest {

    private final Loopback loopback = new Loopback();

    @AfterEach
    void close() {
        loopback.close();
    }

    @Test
    void run_is_claimed_handled_and_completed() throws Exception {
        // Given
        loopback.worker(
                "double",
                (run, input) -> {
                    run.emit("seen", new JsonText("{ \"n\":  1.0 }"));
                    return Map.of("twice", 2 * input.field("n").asInt());
                });

        // When
        RunId run = loopback.start("double", "{\"n\":4}");
        loopback.await(run, EventTypes.COMPLETED);

        // Then
        assertEquals(
                List.of(
                        "1 run.attempt.started {\"worker\":\"w1@1\"}",
                        "1 seen { \"n\":  1.0 }",
                        "1 run.completed {\"output\":{\"twice\":8}}"),
                loopback.log(run).subList(1, 4));
    }

    @Test
    void handler_that_throws_is_tried_again_until_the_attempts_are_used_up() throws Exception {
        // Given
        loopback.worker(
                "broken",
                (run, input) -> {
                    throw new IllegalStateException("no \"luck\"");
                });

        // When
        RunId run = loopback.start("broken", "1");
        loopback.await(run, EventTypes.FAILED);

        // Then
        String error =
                "{\"code\":\"handler_failed\","
                        + "\"message\":\"IllegalStateException: no \\\"luck\\\"\"}";
        assertEquals("3 run.failed {\"error\":" + error + "}", loopback.log(run).getLast());
        assertEquals(
                "1 run.attempt.failed {\"error\":" + error + ",\"retryable\":true}",
                loopback.log(run).get(2));
    }

    @Test
    void failure_that_is_not_retryable_fails_the_run_at_once() throws Exception {
        // Given
        loopback.worker(
                "picky",
                (run, input) -> {
                    throw new NonRetryableException("bad_taste", "not this one");
                });

        // When
        RunId run = loopback.start("picky", "1");
        loopback.await(run, EventTypes.FAILED);

        // Then
        assertEquals(
                "1 run.failed {\"error\":{\"code\":\"bad_taste\",\"message\":\"not this one\"}}",
                loopback.log(run).getLast());
    }

    @Test
    void error_thrown_by_a_handler_fails_its_attempt_alone() throws Exception {
        // Given
        loopback.worker(
                "deep",
                (run, input) -> {
                    if (run.attempt() == 1) {
                        throw new StackOverflowError();
                    }
                    return run.attempt();
                });

        // When
        RunId run = loopback.start("deep", "1");
        loopback.await(run, EventTypes.COMPLETED);

        // Then
        assertEquals("2 run.completed {\"output\":2}", loopback.log(run).getLast());
    }

    @Test
    void output_without_json_fails_the_run() throws Exception {
        // Given
        loopback.worker("odd", (run, input) -> Optional.of(1));

        // When
        RunId run = loopback.start("odd", "1");
        Event failed = loopback.await(run, EventTypes.FAILED);

        // Then
        assertEquals(1, failed.attempt());
        assertTrue(Loopback.data(failed).contains("\"invalid_output\""));
    }

    @Test
    void output_beyond_the_limit_fails_the_run() throws Exception {
        // Given
        loopback.worker("large", (run, input) -> "x".repeat(1 << 20));

        // When
        RunId run = loopback.start("large", "1");
        Event failed = loopback.await(run, EventTypes.FAILED);

        // Then
        assertEquals(1, failed.attempt());
        assertTrue(Loopback.data(failed).contains("\"payload_too_large\""));
    }

    @Test
    void cancel_interrupts_the_handler() throws Exception {
        // Given
        loopback.worker(
                "sleeper",
                (run, input) -> {
                    run.emit("asleep", null);
                    run.flush();
                    return new CountDownLatch(1).await(1, TimeUnit.HOURS);
                });
        RunId run = loopback.start("sleeper", "1");
        loopback.await(run, "asleep");

        // When
        loopback.ledger.cancel(run, "enough");
        loopback.signals.interrupt(run, 1);
        loopback.await(run, EventTypes.CANCELLED);

        // Then
        assertEquals(
                List.of(
                        "1 asleep null",
                        "1 run.cancel.requested {\"reason\":\"enough\"}",
                        "1 run.cancelled {}"),
                loopback.log(run).subList(2, 5));
    }

    @Test
    void cancel_while_the_claim_is_under_way_keeps_the_handler_from_running() throws Exception {
        // Given
        CountDownLatch claimed = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        AtomicBoolean ran = new AtomicBoolean();
        HookedLedger.Hook slowClaim =
                (method, arguments, call) -> {
                    Object answer = call.run();
                    if (method.equals("claim")) {
                        claimed.countDown();
                        interrupted.await();
                    }
                    return answer;
                };
        loopback.worker(
                Loopback.config(), slowClaim, Map.of("late", (run, input) -> ran.getAndSet(true)));
        RunId run = loopback.start("late", "1");
        claimed.await();

        // When
        loopback.ledger.cancel(run, null);
        loopback.signals.interrupt(run, 1);
        interrupted.countDown();
        loopback.await(run, EventTypes.CANCELLED);

        // Then
        assertEquals(false, ran.get());
    }

    @Test
    void interrupt_of_another_attempt_is_passed_over() throws Exception {
        // Given
        CountDownLatch go = new CountDownLatch(1);
        loopback.worker(
                "calm",
                (run, input) -> {
                    run.emit("here", null);
                    run.flush();
                    return go.await(30, TimeUnit.SECONDS);
                });
        RunId run = loopback.start("calm", "1");
        loopback.await(run, "here");

        // When
        loopback.signals.interrupt(run, 2);
        loopback.signals.interrupt(new RunId(new UUID(1, 1)), 1);
        go.countDown();

        // Then
        loopback.await(run, EventTypes.COMPLETED);
        assertEquals(RunStatus.COMPLETED, loopback.ledger.run(run).orElseThrow().status());
    }

    @Test
    void task_for_an_unknown_handler_is_left_to_others() throws Exception {
        // Given
        loopback.worker("known", (run, input) -> null);

        // When
        RunId run = loopback.start("unknown", "1");

        // Then
        assertEquals(Answer.NO_HANDLER, answer());
        assertEquals(RunStatus.QUEUED, loopback.ledger.run(run).orElseThrow().status());
    }

    @Test
    void task_that_comes_twice_runs_once() throws Exception {
        // Given
        CountDownLatch go = new CountDownLatch(1);
        AtomicInteger runs = new AtomicInteger();
        loopback.worker(
                "once",
                (run, input) -> {
                    go.await();
                    return runs.incrementAndGet();
                });
        RunId run = loopback.start("once", "1");
        Task again = new Task(run.toString(), 1, "default", "default", "once");
        assertEquals(Answer.TAKEN, answer());

        // When
        loopback.tasks.add(again);
        Answer whileItRuns = answer();
        go.countDown();
        loopback.await(run, EventTypes.COMPLETED);
        loopback.tasks.add(again);

        // Then
        assertEquals(Answer.REFUSED, whileItRuns);
        assertEquals(Answer.REFUSED, answer());
        assertEquals(1, runs.get());
    }

    @Test
    void claim_whose_answer_is_lost_is_run_all_the_same() throws Exception {
        // Given
        loopback.worker(
                Loopback.config(),
                losingTheFirstAnswerOf("claim"),
                Map.of("once", (run, input) -> "done"));

        // When
        RunId run = loopback.start("once", "1");
        loopback.await(run, EventTypes.COMPLETED);

        // Then
        assertEquals(Answer.UNAVAILABLE, answer());
        assertEquals("1 run.completed {\"output\":\"done\"}", loopback.log(run).getLast());
    }

    @Test
    void end_whose_answer_is_lost_is_said_again() throws Exception {
        // Given
        loopback.worker(
                Loopback.config(),
                losingTheFirstAnswerOf("complete"),
                Map.of(
                        "once",
                        (run, input) -> {
                            run.emit("n", 1);
                            return "done";
                        }));

        // When
        RunId run = loopback.start("once", "1");
        loopback.await(run, EventTypes.COMPLETED);

        // Then: the event that was said with it, once too
        assertEquals(4, loopback.log(run).size());
    }

    @Test
    void append_whose_answer_is_lost_fails_the_attempt() throws Exception {
        // Given
        loopback.worker(
                Loopback.config(),
                losingTheFirstAnswerOf("append"),
                Map.of(
                        "writer",
                        (run, input) -> {
                            run.emit("n", run.attempt());
                            run.flush();
                            return null;
                        }));

        // When
        RunId run = loopback.start("writer", "1");
        loopback.await(run, EventTypes.COMPLETED);

        // Then
        assertEquals(
                List.of(
                        "1 n 1",
                        "1 run.attempt.failed {\"error\":{\"code\":\"unavailable\","
                                + "\"message\":\"away\"},\"retryable\":true}"),
                loopback.log(run).subList(2, 4));
        assertEquals("2 n 2", loopback.log(run).get(6));
    }

    @Test
    void worker_without_a_free_place_leaves_tasks_waiting() throws Exception {
        // Given
        CountDownLatch go = new CountDownLatch(1);
        WorkerConfig one = new WorkerConfig("w1", 1, 1, Duration.ZERO, Duration.ofSeconds(9));
        Worker worker = loopback.worker(one, "slow", (run, input) -> await(go));

        // When
        RunId first = loopback.start("slow", "1");
        assertEquals(Answer.TAKEN, answer());
        RunId second = loopback.start("slow", "2");

        // Then
        assertEquals(Answer.NOT_HERE, answer());
        assertEquals(1, worker.running());
        go.countDown();
        loopback.await(first, EventTypes.COMPLETED);
        assertEquals(RunStatus.QUEUED, loopback.ledger.run(second).orElseThrow().status());
        assertEquals(Optional.empty(), worker.problem());
    }

    private static Object await(CountDownLatch latch) throws InterruptedException {
        latch.await();
        return "done";
    }

    private Answer answer() throws InterruptedException {
        Answer answer = loopback.source.answers.poll(30, TimeUnit.SECONDS);
        return answer == null ? Answer.UNAVAILABLE : answer;
    }

    /** The call is made, and its caller told that nobody answers. */
    private static HookedLedger.Hook losingTheFirstAnswerOf(String lost) {
        AtomicBoolean first = new AtomicBoolean(true);
        return (method, arguments, call) -> {
            Object answer = call.run();
            if (method.equals(lost) && first.getAndSet(false)) {
                throw new OutrunException(ErrorCode.UNAVAILABLE, "away");
            }
            return answer;
        };
    }
}
