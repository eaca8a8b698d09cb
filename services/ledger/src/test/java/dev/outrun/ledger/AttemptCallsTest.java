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
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.util.ArrayList;
import java.util.List;
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
final class AttemptCallsTest implements LedgerContract {

    private static final String EVENTS = "[{\"type\":\"n\",\"data\":1}]";

    private final TestStack stack;
    private final PostgresLedger ledger;
    private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();

    AttemptCallsTest(TestStack stack) {
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
