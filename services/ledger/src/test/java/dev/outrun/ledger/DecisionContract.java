package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.work.Decision;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The ledger's contract about decisions: recorded once, and only while they still apply. */
interface DecisionContract extends LedgerContract {

    Instant AT = Instant.parse("2030-01-02T03:04:05.678Z");

    @Test
    default void retry_is_scheduled_once() {
        // Given
        RunId run = retrying();

        // When
        boolean first = ledger().record(new Decision.Retry(run.toString(), 1, AT));
        boolean second = ledger().record(new Decision.Retry(run.toString(), 1, AT.plusMillis(1)));

        // Then
        assertTrue(first);
        assertFalse(second);
        assertEquals(
                List.of(
                        "3 1 run.retry.scheduled"
                                + " {\"attempt\":2,\"at\":\"2030-01-02T03:04:05.678000Z\"}"),
                log(run).subList(3, log(run).size()));
        assertTrue(ledger().claim(run, 2, WORKER).isPresent());
    }

    @Test
    default void loss_ends_the_attempt_once() {
        // Given
        RunId run = running();

        // When
        boolean first = ledger().record(new Decision.AttemptLost(run.toString(), 1, "silent"));
        boolean second = ledger().record(new Decision.AttemptLost(run.toString(), 1, "silent"));

        // Then
        assertTrue(first);
        assertFalse(second);
        assertEquals(RunStatus.RETRYING, status(run));
        assertEquals(
                List.of(
                        "2 1 run.attempt.failed {\"error\":{\"code\":\"attempt_lost\","
                                + "\"message\":\"silent\"},\"retryable\":true}"),
                log(run).subList(2, log(run).size()));
        refuses(
                ErrorCode.STALE_ATTEMPT,
                run,
                () -> ledger().append(run, 1, "[{\"type\":\"late\"}]"));
    }

    @Test
    default void failure_ends_the_run_once() {
        // Given
        RunId run = retrying();

        // When
        boolean first = ledger().record(new Decision.Fail(run.toString(), 1));
        boolean second = ledger().record(new Decision.Fail(run.toString(), 1));

        // Then
        assertTrue(first);
        assertFalse(second);
        assertEquals("3 1 run.failed {\"error\":{\"code\":\"oops\"}}", log(run).getLast());
        assertEquals(RunStatus.FAILED, status(run));
        assertEquals("{\"code\":\"oops\"}", ledger().run(run).orElseThrow().error());
        assertEquals(RunStatus.FAILED, ledger().fail(run, 1, "1", true));
    }

    @Test
    default void cancel_ends_the_run_once_if_it_was_asked_for() {
        // Given
        RunId run = running();
        boolean notAsked = ledger().record(new Decision.Cancel(run.toString(), 1));
        ledger().cancel(run, null);

        // When
        boolean first = ledger().record(new Decision.Cancel(run.toString(), 1));
        boolean second = ledger().record(new Decision.Cancel(run.toString(), 1));

        // Then
        assertFalse(notAsked);
        assertTrue(first);
        assertFalse(second);
        assertEquals("3 1 run.cancelled {}", log(run).getLast());
    }

    @Test
    default void decision_that_does_not_apply_writes_nothing() {
        // Given
        List<RunId> runs = List.of(started(), running(), retrying(), completed());
        List<List<String>> before = runs.stream().map(this::log).toList();

        // When
        List<Boolean> recorded =
                List.of(
                        ledger().record(new Decision.Retry(runs.get(0).toString(), 0, AT)),
                        ledger().record(new Decision.Fail(runs.get(0).toString(), 0)),
                        ledger().record(new Decision.Retry(runs.get(1).toString(), 1, AT)),
                        ledger().record(new Decision.AttemptLost(runs.get(1).toString(), 2, "x")),
                        ledger().record(new Decision.Fail(runs.get(1).toString(), 1)),
                        ledger().record(new Decision.Retry(runs.get(2).toString(), 2, AT)),
                        ledger().record(new Decision.AttemptLost(runs.get(2).toString(), 1, "x")),
                        ledger().record(new Decision.Cancel(runs.get(2).toString(), 1)),
                        ledger().record(new Decision.AttemptLost(runs.get(3).toString(), 1, "x")),
                        ledger().record(new Decision.Cancel(runs.get(3).toString(), 1)),
                        ledger().record(new Decision.Fail(new UUID(9, 9).toString(), 1)));

        // Then
        assertFalse(recorded.contains(true), recorded.toString());
        assertEquals(before, runs.stream().map(this::log).toList());
    }
}
