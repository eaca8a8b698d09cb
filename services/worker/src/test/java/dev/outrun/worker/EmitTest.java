package dev.outrun.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.ledger.HookedLedger;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.work.Decision;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class EmitTest {

    /** Events wait so long that no batch is made by the time alone. */
    private static final WorkerConfig PATIENT =
            new WorkerConfig("w1", 1, 4, Duration.ofMinutes(1), Duration.ZERO);

    private final Loopback loopback = new Loopback();
    private final BlockingQueue<String> appends = new LinkedBlockingQueue<>();

    @AfterEach
    void close() {
        loopback.close();
    }

    @Test
    void events_that_come_together_are_one_append() throws Exception {
        // Given
        worker(PATIENT, (run, input) -> emit(run, 100));

        // When
        RunId run = loopback.start("emitter", "1");
        loopback.await(run, EventTypes.COMPLETED);

        // Then
        assertEquals(1, appends.size());
        assertEquals(numbers(100), emitted(run));
    }

    @Test
    void last_events_are_appended_with_the_end() throws Exception {
        // Given
        worker(
                PATIENT,
                (run, input) -> {
                    run.emit("n", 0);
                    run.flush();
                    run.emit("n", 1);
                    return null;
                });

        // When
        RunId run = loopback.start("emitter", "1");
        loopback.await(run, EventTypes.COMPLETED);

        // Then
        assertEquals(
                List.of(
                        "[{\"type\":\"n\",\"data\":0}]",
                        "with the end [{\"type\":\"n\",\"data\":1}]"),
                List.copyOf(appends));
        assertEquals(numbers(2), emitted(run));
    }

    @Test
    void events_before_an_output_that_is_refused_are_kept() throws Exception {
        // Given
        worker(
                PATIENT,
                (run, input) -> {
                    run.emit("n", 0);
                    return "x".repeat(1 << 20);
                });

        // When
        RunId run = loopback.start("emitter", "1");
        Event failed = loopback.await(run, EventTypes.FAILED);

        // Then
        assertEquals(numbers(1), emitted(run));
        assertTrue(Loopback.data(failed).contains("\"payload_too_large\""));
    }

    @Test
    void events_that_fill_a_batch_do_not_wait() throws Exception {
        // Given
        int events = 2 * EventBuffer.BATCH_EVENTS + 7;
        worker(PATIENT, (run, input) -> emit(run, events));

        // When
        RunId run = loopback.start("emitter", "1");
        loopback.await(run, EventTypes.COMPLETED);

        // Then
        assertEquals(3, appends.size());
        assertEquals(numbers(events), emitted(run));
    }

    @Test
    void data_that_fills_a_batch_does_not_wait() throws Exception {
        // Given
        String large = "x".repeat(EventBuffer.BATCH_BYTES - 2);
        worker(
                PATIENT,
                (run, input) -> {
                    run.emit("n", large);
                    run.emit("n", large);
                    return null;
                });

        // When
        RunId run = loopback.start("emitter", "1");
        loopback.await(run, EventTypes.COMPLETED);

        // Then
        assertEquals(2, appends.size());
    }

    @Test
    void event_is_appended_after_the_delay() throws Exception {
        // Given
        CountDownLatch go = new CountDownLatch(1);
        worker(
                new WorkerConfig("w1", 1, 4, Duration.ofMillis(1), Duration.ZERO),
                (run, input) -> {
                    run.emit("n", 0);
                    return go.await(30, TimeUnit.SECONDS);
                });
        RunId run = loopback.start("emitter", "1");

        // When
        Event event = loopback.await(run, "n");
        go.countDown();

        // Then
        assertEquals(2, event.seq());
    }

    @Test
    void flush_returns_when_everything_is_committed() throws Exception {
        // Given
        CompletableFuture<Long> nextSeq = new CompletableFuture<>();
        worker(
                PATIENT,
                (run, input) -> {
                    emit(run, 3);
                    run.flush();
                    run.flush();
                    nextSeq.complete(loopback.ledger.run(run.runId()).orElseThrow().nextSeq());
                    return emit(run, 2);
                });

        // When
        RunId run = loopback.start("emitter", "1");
        loopback.await(run, EventTypes.COMPLETED);

        // Then
        assertEquals(5L, nextSeq.get());
        assertEquals(2, appends.size());
    }

    @Test
    void emit_waits_while_too_much_is_on_its_way() throws Exception {
        // Given
        int events = 20 * EventBuffer.BATCH_EVENTS;
        CountDownLatch appendable = new CountDownLatch(1);
        CompletableFuture<Thread> handler = new CompletableFuture<>();
        AtomicInteger emitted = new AtomicInteger();
        loopback.worker(
                Loopback.config(),
                (method, arguments, call) -> {
                    if (method.equals("append")) {
                        appendable.await();
                    }
                    return call.run();
                },
                Map.of(
                        "emitter",
                        (run, input) -> {
                            handler.complete(Thread.currentThread());
                            while (emitted.get() < events) {
                                run.emit("n", emitted.getAndIncrement());
                            }
                            return null;
                        }));
        RunId run = loopback.start("emitter", "1");

        // When
        awaitRest(handler.get(30, TimeUnit.SECONDS), emitted);
        int emittedBefore = emitted.get();
        appendable.countDown();
        loopback.await(run, EventTypes.COMPLETED);

        // Then
        assertTrue(emittedBefore <= 5 * EventBuffer.BATCH_EVENTS + 1, "not " + emittedBefore);
        assertEquals(numbers(events), emitted(run));
    }

    /** Until the handler waits with its hands full, or has ended without ever waiting. */
    private static void awaitRest(Thread handler, AtomicInteger emitted) {
        while (handler.getState() != Thread.State.TERMINATED
                && (handler.getState() != Thread.State.WAITING
                        || emitted.get() <= 4 * EventBuffer.BATCH_EVENTS)) {
            Thread.onSpinWait();
        }
    }

    @Test
    void events_of_an_attempt_that_is_lost_are_refused_and_stop_its_handler() throws Exception {
        // Given
        CountDownLatch lost = new CountDownLatch(1);
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        worker(
                Loopback.config(),
                (run, input) -> {
                    if (run.attempt() > 1) {
                        thrown.get(30, TimeUnit.SECONDS);
                        return "second";
                    }
                    run.emit("n", 0);
                    run.flush();
                    lost.await();
                    thrown.complete(
                            assertThrows(RunStoppedException.class, () -> emitForEver(run)));
                    return "first";
                });
        RunId run = loopback.start("emitter", "1");
        loopback.await(run, "n");

        // When
        loopback.ledger.record(new Decision.AttemptLost(run.toString(), 1, "silent"));
        lost.countDown();
        loopback.await(run, EventTypes.COMPLETED);

        // Then
        assertTrue(
                thrown.get(30, TimeUnit.SECONDS).getCause() instanceof OutrunException refusal
                        && refusal.code() == ErrorCode.STALE_ATTEMPT);
        assertEquals(List.of("0"), emitted(run));
        assertEquals("2 run.completed {\"output\":\"second\"}", loopback.log(run).getLast());
    }

    @Test
    void data_beyond_the_limit_fails_the_run_and_keeps_what_came_before() throws Exception {
        // Given
        worker(
                PATIENT,
                (run, input) -> {
                    run.emit("n", 0);
                    run.emit("n", "x".repeat((1 << 20) - 1));
                    return null;
                });

        // When
        RunId run = loopback.start("emitter", "1");
        loopback.await(run, EventTypes.FAILED);

        // Then
        assertEquals(List.of("0"), emitted(run));
        assertEquals(
                "1 run.failed {\"error\":{\"code\":\"payload_too_large\",\"message\":"
                        + "\"the data of 'n' has 1048577 bytes, more than 1048576\"}}",
                loopback.log(run).getLast());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "run.completed", "a b", "ü", "\"", "a\\u0062"})
    void type_that_is_not_for_handlers_fails_the_run(String type) throws Exception {
        // Given
        worker(
                PATIENT,
                (run, input) -> {
                    run.emit(type, null);
                    return null;
                });

        // When
        RunId run = loopback.start("emitter", "1");
        Event failed = loopback.await(run, EventTypes.FAILED);

        // Then
        assertEquals(1, failed.attempt());
        assertTrue(Loopback.data(failed).contains("\"invalid_events\""));
    }

    @Test
    void history_is_the_log_before_the_attempt() throws Exception {
        // Given
        RunId run = loopback.start("emitter", "1");
        for (int n = 0; n < 1_201; n++) {
            loopback.ledger.append(run, null, "[{\"type\":\"n\",\"data\":" + n + "}]");
        }
        List<String> history = new ArrayList<>();

        // When
        worker(
                Loopback.config(),
                (context, input) -> {
                    emit(context, 3);
                    context.flush();
                    for (Event event : context.history()) {
                        if (event.type().equals("n")) {
                            history.add(Loopback.data(event));
                        }
                    }
                    return null;
                });
        loopback.await(run, EventTypes.COMPLETED);

        // Then
        assertEquals(numbers(1_201), history);
    }

    private void worker(WorkerConfig config, RunHandler handler) {
        loopback.worker(config, this::countAppends, Map.of("emitter", handler));
    }

    private Object countAppends(String method, Object[] arguments, HookedLedger.Call call)
            throws Exception {
        if (method.equals("append")) {
            appends.add((String) arguments[2]);
        } else if (method.equals("complete") && arguments.length > 3) {
            appends.add("with the end " + arguments[3]);
        }
        return call.run();
    }

    private static Object emit(RunContext run, int events) {
        for (int n = 0; n < events; n++) {
            run.emit("n", n);
        }
        return events;
    }

    private static void emitForEver(RunContext run) {
        for (int n = 1; true; n++) {
            run.emit("n", n);
        }
    }

    private static List<String> numbers(int count) {
        return IntStream.range(0, count).mapToObj(Integer::toString).toList();
    }

    private List<String> emitted(RunId run) {
        return loopback.ledger.events(run, 0, Integer.MAX_VALUE).stream()
                .filter(event -> event.type().equals("n"))
                .map(Loopback::data)
                .toList();
    }
}
