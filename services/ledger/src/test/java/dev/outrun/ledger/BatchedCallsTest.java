package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Calls that are made together are as those that are made alone. */
@ExtendWith(TestStackExtension.class)
final class BatchedCallsTest implements LedgerContract {

    private static final String EVENTS = "[{\"type\":\"n\",\"data\":1}]";

    private final TestStack stack;
    private final PostgresLedger ledger;
    private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();

    BatchedCallsTest(TestStack stack) {
        this.stack = stack;
        this.ledger = PostgresLedger.open(new LedgerConfig(stack.postgres(), 8, "calls"));
    }

    @AfterEach
    void close() {
        callers.close();
        ledger.close();
    }

    @Override
    public Ledger ledger() {
        return ledger;
    }

    @Test
    void many_starts_at_once_are_each_what_was_asked() throws Exception {
        ledger.registerHandlers(List.of(HANDLER));
        Instant runAt = Instant.parse("2030-01-01T00:00:00Z");

        List<Future<RunId>> plain = new ArrayList<>();
        List<Future<RunId>> full = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            StartRun start = StartRun.of(HANDLER, Integer.toString(i));
            plain.add(callers.submit(() -> ledger.start(start)));
            full.add(
                    callers.submit(() ->
                            ledger.start(
                                    start.toBuilder()
                                            .queue("all")
                                            .tenant(new Tenant("acme"))
                                            .runAt(runAt)
                                            .retry("{\"max_attempts\":2}")
                                            .priority(7)
                                            .concurrencyKey("k")
                                            .timeoutMs(5_000L)
                                            .attemptTimeoutMs(1_000L)
                                            .build())));
        }

        for (int i = 0; i < 100; i++) {
            assertEquals(
                    List.of(
                            "0 0 run.requested {\"handler\":\"echo\",\"queue\":\"default\","
                                    + "\"tenant\":\"default\",\"input\":"
                                    + i
                                    + "}"),
                    log(plain.get(i).get()));
            assertEquals(
                    List.of(
                            "0 0 run.requested {\"handler\":\"echo\",\"queue\":\"all\","
                                    + "\"tenant\":\"acme\",\"run_at\":\"2030-01-01T00:00:00.000000Z\","
                                    + "\"retry\":{\"max_attempts\":2},\"priority\":7,"
                                    + "\"concurrency_key\":\"k\",\"timeout_ms\":5000,"
                                    + "\"attempt_timeout_ms\":1000,\"input\":"
                                    + i
                                    + "}"),
                    log(full.get(i).get()));
        }
    }

    @Test
    void starts_that_are_refused_do_the_others_no_harm() throws Exception {
        ledger.registerHandlers(List.of(HANDLER));
        List<Future<RunId>> started = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            for (StartRun start :
                    List.of(
                            StartRun.of("nobody", "1"),
                            StartRun.with(HANDLER, "1").priority(1_001).build(),
                            StartRun.of(HANDLER, "no JSON"),
                            StartRun.of(HANDLER, "1"))) {
                started.add(callers.submit(() -> ledger.start(start)));
            }
        }

        for (int i = 0; i < started.size(); i += 4) {
            assertEquals(ErrorCode.UNKNOWN_HANDLER, refusal(started.get(i)));
            assertEquals(ErrorCode.INVALID_REQUEST, refusal(started.get(i + 1)));
            assertEquals(ErrorCode.INVALID_JSON, refusal(started.get(i + 2)));
            assertEquals(RunStatus.QUEUED, status(started.get(i + 3).get()));
        }
        assertEquals(Map.of(RunStatus.QUEUED, 20L), ledger.queue("default").runs());
    }

    @Test
    void many_reads_at_once_find_each_its_run() throws Exception {
        List<RunId> ids = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            ids.add(started());
            ids.add(RunId.mint(InstantSource.system(), new Random()));
        }

        List<Future<Optional<RunId>>> found = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            for (RunId id : ids) {
                found.add(callers.submit(() -> ledger.run(id).map(Run::id)));
            }
        }

        for (int i = 0; i < found.size(); i++) {
            RunId id = ids.get(i % ids.size());
            assertEquals(i % 2 == 0 ? Optional.of(id) : Optional.empty(), found.get(i).get());
        }
    }

    @Test
    void id_that_is_taken_is_refused_among_others() throws Exception {
        RunId taken = started();

        List<Future<?>> started = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            for (RunId id : List.of(taken, RunId.mint(InstantSource.system(), new Random()))) {
                StartRun start = StartRun.with(HANDLER, "1").id(id).build();
                started.add(callers.submit(() -> assertEquals(id, ledger.start(start))));
            }
        }

        for (int i = 0; i < started.size(); i += 2) {
            assertEquals(ErrorCode.RUN_ID_TAKEN, refusal(started.get(i)));
            started.get(i + 1).get();
        }
    }

    @Test
    void starts_with_one_key_at_once_are_one_run() throws Exception {
        ledger.registerHandlers(List.of(HANDLER));
        StartRun start = StartRun.with(HANDLER, "1").idempotencyKey("once").build();

        List<Future<RunId>> started =
                Stream.generate(() -> callers.submit(() -> ledger.start(start))).limit(30).toList();

        RunId run = started.getFirst().get();
        for (Future<RunId> same : started) {
            assertEquals(run, same.get());
        }
    }

    @Test
    void many_attempts_at_once_are_claimed_written_and_completed() throws Exception {
        List<RunId> runs = Stream.generate(this::started).limit(300).toList();

        List<Future<RunId>> ended = new ArrayList<>();
        for (RunId run : runs) {
            ended.add(
                    callers.submit(() -> {
                        assertEquals(
                                new Claim("default", "default", HANDLER, "{}", 2),
                                ledger.claim(run, 1, WORKER).orElseThrow());
                        assertEquals(2, ledger.append(run, 1, EVENTS));
                        assertEquals(3, ledger.append(run, 1, EVENTS));
                        assertEquals(5, ledger.complete(run, 1, "7", EVENTS));
                        return run;
                    }));
        }

        for (Future<RunId> run : ended) {
            assertEquals(
                    List.of("2 1 n 1", "3 1 n 1", "4 1 n 1", "5 1 run.completed {\"output\":7}"),
                    log(run.get()).subList(2, 6));
        }
    }

    @Test
    void calls_that_are_refused_do_the_others_no_harm() throws Exception {
        // Given
        List<RunId> runs = Stream.generate(this::running).limit(20).toList();
        List<Callable<Object>> calls = new ArrayList<>();
        for (RunId run : runs) {
            calls.add(() -> ledger.append(run, 2, EVENTS));
            calls.add(() -> ledger.append(run, 1, "[]"));
            calls.add(() -> ledger.append(run, 1, EVENTS));
            calls.add(() -> ledger.claim(run, 1, "other@1").isPresent());
            calls.add(() -> ledger.claim(run, 1, WORKER).isPresent());
        }

        // When
        List<Future<Object>> answers = calls.stream().map(callers::submit).toList();

        // Then
        for (int i = 0; i < answers.size(); i += 5) {
            assertEquals(ErrorCode.STALE_ATTEMPT, refusal(answers.get(i)));
            assertEquals(ErrorCode.INVALID_EVENTS, refusal(answers.get(i + 1)));
            assertEquals(2L, answers.get(i + 2).get());
            assertEquals(false, answers.get(i + 3).get());
            assertEquals(true, answers.get(i + 4).get());
        }
    }

    @Test
    void children_of_one_parent_complete_together() throws Exception {
        RunId parent = running();
        StartRun child =
                StartRun.with(HANDLER, "1").child(new StartRun.Child(parent, false, false)).build();
        List<RunId> children = Stream.generate(() -> ledger.start(child)).limit(30).toList();
        children.forEach(run -> claim(run, 1));

        List<Future<Long>> ended = new ArrayList<>();
        for (RunId run : children) {
            ended.add(callers.submit(() -> ledger.complete(run, 1, "1")));
        }

        for (Future<Long> end : ended) {
            assertEquals(2L, end.get());
        }
        assertEquals(30, ledger.run(parent).orElseThrow().childrenEnded());
    }

    @Test
    void run_that_somebody_else_has_locked_holds_up_nobody_but_itself() throws Exception {
        // Given
        RunId locked = running();
        List<RunId> others = Stream.generate(this::running).limit(5).toList();
        try (OpenTransaction writing =
                OpenTransaction.of(stack, "select outrun.append(?, 1, '" + EVENTS + "')", locked)) {
            // When: five times as many as batches there may be
            List<Future<Long>> waiting =
                    Stream.generate(() -> callers.submit(() -> ledger.append(locked, 1, EVENTS)))
                            .limit(5)
                            .toList();
            for (RunId other : others) {
                ledger.append(other, 1, EVENTS);
                ledger.complete(other, 1, "1");
            }

            // Then
            assertTrue(waiting.stream().noneMatch(Future::isDone));
            writing.commit();
            for (Future<Long> appended : waiting) {
                assertTrue(appended.get() > 2);
            }
        }
    }

    @Test
    void claim_in_a_paused_queue_is_refused_among_others() throws Exception {
        ledger.registerHandlers(List.of(HANDLER));
        ledger.changeQueue("paused", "{\"mode\":\"paused\"}");
        ledger.changeQueue("open", "{\"order\":\"lifo\"}");
        List<Future<Boolean>> claims = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            for (String queue : List.of("paused", "open")) {
                RunId run = ledger.start(StartRun.with(HANDLER, "1").queue(queue).build());
                claims.add(callers.submit(() -> ledger.claim(run, 1, WORKER).isPresent()));
            }
        }

        for (int i = 0; i < claims.size(); i += 2) {
            assertFalse(claims.get(i).get());
            assertTrue(claims.get(i + 1).get());
        }
    }

    @Test
    void large_output_is_completed_alone() {
        RunId run = running();
        String large = '"' + "x".repeat(1 << 17) + '"';

        ledger.complete(run, 1, large);

        assertEquals(RunStatus.COMPLETED, status(run));
    }

    private static ErrorCode refusal(Future<?> call) {
        ExecutionException failure = assertThrows(ExecutionException.class, call::get);
        return assertInstanceOf(OutrunException.class, failure.getCause()).code();
    }
}
