package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.work.Decision;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The ledger's contract about runs that begin with another's log. */
interface ForkContract extends LedgerContract {

    @Test
    default void fork_begins_with_the_events_before_and_goes_on_with_another_attempt() {
        // Given: the cut is in the middle of an append
        RunId run = running();
        ledger().append(
                        run,
                        1,
                        "[{\"type\":\"a\",\"data\":{ \"n\": 1.0 }},{\"type\":\"b\"},{\"type\":\"c\"}]");

        // When
        RunId fork = ledger().fork(run, 4, null);

        // Then
        assertEquals(log(run).subList(0, 4), log(fork).subList(0, 4));
        assertEquals(
                List.of("4 1 run.forked {\"from\":\"" + run + "\",\"at\":4,\"attempt\":2}"),
                log(fork).subList(4, log(fork).size()));
        Run row = ledger().run(fork).orElseThrow();
        assertEquals(new Run.Fork(run, 4), row.fork());
        assertEquals(RunStatus.QUEUED, row.status());
        assertEquals(5, row.nextSeq());
        claim(fork, 2);
        ledger().complete(fork, 2, "1");
        assertEquals(RunStatus.RUNNING, status(run));
    }

    @Test
    default void fork_of_a_run_that_waits_for_its_children_waits_for_nobody() {
        // Given
        ledger().registerHandlers(List.of(HANDLER));
        RunId parent =
                ledger().startFlow(
                                Tenant.DEFAULT,
                                "{\"handler\":\"echo\",\"children\":[{\"handler\":\"echo\"}]}");

        // When
        RunId fork = ledger().fork(parent, 1, null);

        // Then
        assertEquals(RunStatus.QUEUED, status(fork));
        claim(fork, 1);
        assertEquals(RunStatus.SUSPENDED, status(parent));
    }

    @Test
    default void decisions_about_what_was_copied_are_not_recorded() {
        // Given
        RunId run = running();
        ledger().fail(run, 1, "1", true);
        RunId fork = ledger().fork(run, 3, null);

        // When, Then
        String id = fork.toString();
        assertEquals(false, ledger().record(new Decision.Retry(id, 1, Instant.EPOCH)));
        assertEquals(false, ledger().record(new Decision.Fail(id, 1)));
        assertEquals(false, ledger().record(new Decision.AttemptLost(id, 1, "gone")));
    }

    @Test
    default void fork_of_a_closed_run_leaves_its_end_out() {
        // Given
        RunId run = completed();

        // When, Then
        refuses(ErrorCode.INVALID_REQUEST, run, () -> ledger().fork(run, 3, null));
        assertEquals(4, log(ledger().fork(ledger().fork(run, 2, null), 3, null)).size());
    }

    @Test
    default void fork_that_cannot_be_is_refused() {
        RunId run = running();
        refuses(ErrorCode.INVALID_REQUEST, run, () -> ledger().fork(run, 0, null));
        refuses(ErrorCode.INVALID_REQUEST, run, () -> ledger().fork(run, 3, null));
        refuses(ErrorCode.RUN_ID_TAKEN, run, () -> ledger().fork(run, 1, run));
        RunId nobody = new RunId(UUID.randomUUID());
        refuses(ErrorCode.UNKNOWN_RUN, nobody, () -> ledger().fork(nobody, 1, null));
    }

    @Test
    default void redriven_run_goes_on_where_it_failed_once() {
        // Given
        RunId failed = failedIn("q-" + UUID.randomUUID());
        RunId completed = completed();

        // When
        Optional<RunId> redriven = ledger().redrive(failed, null);

        // Then
        assertEquals(redriven, ledger().redrive(failed, null));
        RunId fork = redriven.orElseThrow();
        assertNotEquals(failed, fork);
        assertEquals(log(failed).subList(0, 3), log(fork).subList(0, 3));
        assertEquals(RunStatus.QUEUED, status(fork));
        claim(fork, 2);
        assertEquals(Optional.empty(), ledger().redrive(completed, null));
        assertEquals(Optional.empty(), ledger().redrive(running(), null));
    }

    @Test
    default void redriven_queue_has_none_left_that_failed() {
        // Given
        String queue = "q-" + UUID.randomUUID();
        failedIn(queue);
        failedIn(queue);
        failedIn(queue);
        RunId elsewhere = failedIn("q-" + UUID.randomUUID());

        // When
        int later = ledger().redrive(queue, null, Instant.now().plusSeconds(3_600), 10);
        int others = ledger().redrive(queue, "nobody", null, 10);
        int first = ledger().redrive(queue, HANDLER, null, 2);
        int second = ledger().redrive(queue, null, Instant.EPOCH, 10);
        int third = ledger().redrive(queue, null, null, 10);

        // Then
        assertEquals(List.of(0, 0, 2, 1, 0), List.of(later, others, first, second, third));
        assertEquals(Map.of(RunStatus.QUEUED, 3L), ledger().queue(queue).runs());
        assertEquals(RunStatus.FAILED, status(elsewhere));
    }

    private RunId failedIn(String queue) {
        ledger().registerHandlers(List.of(HANDLER));
        RunId run = ledger().start(StartRun.with(HANDLER, "1").queue(queue).build());
        claim(run, 1);
        ledger().fail(run, 1, "{\"code\":\"oops\"}", false);
        ledger().record(new Decision.Fail(run.toString(), 1));
        return run;
    }
}
