package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.work.Decision;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The server writes a transaction into the log, where the engine reads it, a moment before it ends
 * the transaction for others. Who acts upon it then waits for that; here the moment is as long as
 * the test wants.
 */
@ExtendWith(TestStackExtension.class)
final class LogAheadOfTableTest implements LedgerContract {

    private final TestStack stack;
    private final PostgresLedger ledger;

    LogAheadOfTableTest(TestStack stack) {
        this.stack = stack;
        this.ledger = PostgresLedger.open(new LedgerConfig(stack.postgres(), 2, "ahead"));
    }

    @AfterEach
    void close() {
        ledger.close();
    }

    @Override
    public Ledger ledger() {
        return ledger;
    }

    @Test
    void run_just_started_is_claimed() throws Exception {
        ledger.registerHandlers(List.of(HANDLER));
        RunId run = new RunId(UUID.randomUUID());

        Optional<Claim> claim =
                ahead(
                        "select outrun.start_run('echo', id => ?)",
                        run,
                        () -> ledger.claim(run, 1, WORKER));

        assertTrue(claim.isPresent());
        assertEquals(RunStatus.RUNNING, status(run));
    }

    @Test
    void run_that_is_not_there_is_not_claimed() {
        RunId run = new RunId(UUID.randomUUID());

        Optional<Claim> claim = ledger.claim(run, 1, WORKER);

        assertFalse(claim.isPresent());
        assertEquals(Optional.empty(), ledger.run(run));
    }

    @Test
    void run_just_resumed_is_claimed() throws Exception {
        RunId run = running();
        ledger.suspend(run, 1, Wake.on("go"), null);

        Optional<Claim> claim =
                ahead("select outrun.signal(?, 'go')", run, () -> ledger.claim(run, 2, WORKER));

        assertTrue(claim.isPresent());
    }

    @Test
    void claim_that_comes_late_waits_for_nobody() throws Exception {
        RunId run = running();

        try (OpenTransaction _ =
                OpenTransaction.of(
                        stack, "select outrun.append(?, 1, '[{\"type\":\"a\"}]')", run)) {
            assertTrue(ledger.claim(run, 1, WORKER).isPresent());
            assertFalse(ledger.claim(run, 1, "other@1").isPresent());
        }
    }

    @Test
    void attempt_that_has_just_failed_gets_another() throws Exception {
        RunId run = running();

        boolean recorded =
                ahead(
                        "select outrun.fail(?, 1, '{\"code\":\"oops\"}')",
                        run,
                        () -> ledger.record(new Decision.Retry(run.toString(), 1, Instant.EPOCH)));

        assertTrue(recorded);
    }

    @Test
    void run_that_has_just_failed_is_failed() throws Exception {
        RunId run = running();

        boolean recorded =
                ahead(
                        "select outrun.fail(?, 1, '{\"code\":\"oops\"}', false)",
                        run,
                        () -> ledger.record(new Decision.Fail(run.toString(), 1)));

        assertTrue(recorded);
        assertEquals(RunStatus.FAILED, status(run));
    }

    @Test
    void run_just_started_times_out() throws Exception {
        ledger.registerHandlers(List.of(HANDLER));
        RunId run = new RunId(UUID.randomUUID());

        boolean recorded =
                ahead(
                        "select outrun.start_run('echo', id => ?, timeout_ms => 1)",
                        run,
                        () -> ledger.record(new Decision.TimedOut(run.toString(), 0)));

        assertTrue(recorded);
        assertEquals(RunStatus.FAILED, status(run));
    }

    @Test
    void children_of_a_run_just_ended_are_cancelled() throws Exception {
        RunId parent = running();
        RunId child =
                ledger.start(
                        StartRun.with(HANDLER, "{}")
                                .child(new StartRun.Child(parent, false, false))
                                .build());

        boolean recorded =
                ahead(
                        "select outrun.complete(?, 1, 'null')",
                        parent,
                        () -> ledger.record(new Decision.EndChildren(parent.toString(), 1)));

        assertTrue(recorded);
        assertEquals(RunStatus.CANCELLED, status(child));
    }

    /** What the call answers that is made before the writer's transaction has ended. */
    private <T> T ahead(String write, RunId run, Callable<T> call) throws Exception {
        try (OpenTransaction writing = OpenTransaction.of(stack, write, run);
                ExecutorService caller = Executors.newSingleThreadExecutor()) {
            Future<T> answer = caller.submit(call);
            awaitWaiting();
            writing.commit();
            return answer.get();
        }
    }

    /** Until the ledger waits for a transaction's end. */
    private void awaitWaiting() throws SQLException {
        try (Connection connection = stack.dataSource().getConnection();
                PreparedStatement waits =
                        connection.prepareStatement(
                                "select 1 from pg_stat_activity where datname = current_database()"
                                        + " and application_name = 'ahead' and wait_event_type = 'Lock'")) {
            boolean waiting = false;
            while (!waiting) {
                try (ResultSet found = waits.executeQuery()) {
                    waiting = found.next();
                }
            }
        }
    }
}
