package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.work.Decision;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The ledger's contract about cancelling runs. */
interface CancelContract extends LedgerContract {

    @Test
    default void cancel_of_a_queued_run_ends_it() {
        // Given
        RunId run = started();

        // When
        RunStatus status = ledger().cancel(run, "no \"need\"\n");

        // Then
        assertEquals(RunStatus.CANCELLED, status);
        assertEquals(
                List.of(
                        "1 0 run.cancel.requested {\"reason\":\"no \\\"need\\\"\\n\"}",
                        "2 0 run.cancelled {\"reason\":\"no \\\"need\\\"\\n\"}"),
                log(run).subList(1, 3));
        assertEquals(RunStatus.CANCELLED, status(run));
    }

    @Test
    default void cancel_of_a_retrying_run_ends_it() {
        // Given
        RunId run = retrying();

        // When
        RunStatus status = ledger().cancel(run, null);

        // Then
        assertEquals(RunStatus.CANCELLED, status);
        assertEquals("4 1 run.cancelled {}", log(run).getLast());
    }

    @Test
    default void cancel_of_a_running_run_asks_for_its_end() {
        // Given
        RunId run = running();

        // When
        RunStatus status = ledger().cancel(run, null);

        // Then
        assertEquals(RunStatus.RUNNING, status);
        assertEquals("2 1 run.cancel.requested {}", log(run).getLast());
    }

    @Test
    default void fail_of_a_run_to_be_cancelled_cancels_it() {
        // Given
        RunId run = running();
        ledger().cancel(run, null);

        // When
        RunStatus status = ledger().fail(run, 1, "{\"code\":\"cancelled\"}", true);
        RunStatus again = ledger().fail(run, 1, "{\"code\":\"cancelled\"}", true);

        // Then
        assertEquals(RunStatus.CANCELLED, status);
        assertEquals(RunStatus.CANCELLED, again);
        assertEquals("3 1 run.cancelled {}", log(run).getLast());
    }

    @Test
    default void loss_of_a_run_to_be_cancelled_cancels_it() {
        // Given
        RunId run = running();
        ledger().cancel(run, null);

        // When
        boolean recorded = ledger().record(new Decision.AttemptLost(run.toString(), 1, "gone"));

        // Then
        assertEquals(true, recorded);
        assertEquals(RunStatus.CANCELLED, status(run));
    }

    @Test
    default void complete_of_a_run_to_be_cancelled_completes_it() {
        // Given
        RunId run = running();
        ledger().cancel(run, null);

        // When
        ledger().complete(run, 1, "1");

        // Then
        assertEquals(RunStatus.COMPLETED, status(run));
    }

    @Test
    default void cancel_said_twice_writes_once() {
        // Given
        RunId running = running();
        RunId queued = started();
        ledger().cancel(running, "first");
        ledger().cancel(queued, "first");
        List<List<String>> before = List.of(log(running), log(queued));

        // When
        RunStatus ofRunning = ledger().cancel(running, "second");
        RunStatus ofQueued = ledger().cancel(queued, "second");

        // Then
        assertEquals(RunStatus.RUNNING, ofRunning);
        assertEquals(RunStatus.CANCELLED, ofQueued);
        assertEquals(before, List.of(log(running), log(queued)));
    }

    @Test
    default void cancel_of_a_closed_run_is_refused() {
        RunId run = completed();
        refuses(ErrorCode.RUN_CLOSED, run, () -> ledger().cancel(run, null));
    }

    @Test
    default void cancel_of_an_unknown_run_is_refused() {
        RunId run = new RunId(new UUID(3, 3));
        refuses(ErrorCode.UNKNOWN_RUN, run, () -> ledger().cancel(run, null));
    }
}
