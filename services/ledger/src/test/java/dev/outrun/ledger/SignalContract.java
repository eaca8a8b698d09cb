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
import org.junit.jupiter.api.Test;

/** The ledger's contract about runs that wait: suspended, signalled, resumed. */
interface SignalContract extends LedgerContract {

    Instant LATER = Instant.parse("2030-01-02T03:04:05.5Z");

    @Test
    default void suspend_until_a_time_ends_the_attempt_and_its_decision_goes_on() {
        // Given
        RunId run = running();

        // When, Then
        assertTrue(ledger().suspend(run, 1, Wake.at(LATER), 2L));
        assertTrue(ledger().suspend(run, 1, Wake.at(LATER), 2L), "said twice");
        assertEquals(RunStatus.SUSPENDED, status(run));
        refuses(ErrorCode.STALE_ATTEMPT, run, () -> ledger().append(run, 1, "[{\"type\":\"x\"}]"));
        assertFalse(ledger().claim(run, 2, WORKER).isPresent());
        assertTrue(ledger().record(new Decision.Resume(run.toString(), 1)));
        assertFalse(ledger().record(new Decision.Resume(run.toString(), 1)));
        assertTrue(ledger().claim(run, 2, WORKER).isPresent());
        assertEquals(
                List.of(
                        "2 1 run.suspended {\"until\":\"2030-01-02T03:04:05.500000Z\"}",
                        "3 1 run.resumed {\"attempt\":2,\"by\":\"time\"}",
                        "4 2 run.attempt.started {\"worker\":\"w1@1\"}"),
                log(run).subList(2, 5));
    }

    @Test
    default void signal_that_a_run_waits_for_goes_on_with_it() {
        // Given
        RunId run = running();
        ledger().suspend(run, 1, Wake.on("approval"), null);

        // When
        long other = ledger().signal(run, "other", "1");
        RunStatus between = status(run);
        long seq = ledger().signal(run, "approval", "{ \"by\": \"me\" }");

        // Then
        assertEquals(List.of(3L, 4L), List.of(other, seq));
        assertEquals(RunStatus.SUSPENDED, between);
        assertEquals(RunStatus.QUEUED, status(run));
        assertEquals(
                List.of(
                        "2 1 run.suspended {\"signal\":\"approval\"}",
                        "3 1 run.signal.received {\"name\":\"other\",\"data\":1}",
                        "4 1 run.signal.received {\"name\":\"approval\",\"data\":{ \"by\": \"me\" }}",
                        "5 1 run.resumed {\"attempt\":2,\"by\":\"signal\"}"),
                log(run).subList(2, 6));
        assertFalse(ledger().record(new Decision.Resume(run.toString(), 1)));
    }

    @Test
    default void suspend_by_a_worker_that_has_not_read_the_signal_does_nothing() {
        // Given
        RunId run = running();
        ledger().signal(run, "approval", "1");

        // When
        boolean done = ledger().suspend(run, 1, new Wake(LATER, "approval", null), 2L);

        // Then
        assertFalse(done);
        assertEquals(RunStatus.RUNNING, status(run));
        assertEquals(3, log(run).size());
    }

    @Test
    default void suspend_of_a_run_asked_to_end_ends_it() {
        // Given
        RunId run = running();
        ledger().cancel(run, null);

        // When
        ledger().suspend(run, 1, Wake.at(LATER), null);

        // Then
        assertEquals(RunStatus.CANCELLED, status(run));
    }

    @Test
    default void suspended_run_is_cancelled_at_once() {
        // Given
        RunId run = running();
        ledger().suspend(run, 1, Wake.at(LATER), null);

        // When, Then
        assertEquals(RunStatus.CANCELLED, ledger().cancel(run, null));
    }

    @Test
    default void resume_by_request_does_not_wait() {
        // Given
        RunId run = running();
        boolean tooEarly = ledger().resume(run);
        ledger().suspend(run, 1, Wake.on("never"), null);

        // When
        boolean resumed = ledger().resume(run);

        // Then
        assertFalse(tooEarly);
        assertTrue(resumed);
        assertTrue(log(run).getLast().contains("\"by\":\"request\""));
        claim(run, 2);
    }

    @Test
    default void suspend_until_nothing_or_nonsense_is_refused() {
        RunId run = running();
        refuses(
                ErrorCode.INVALID_REQUEST,
                run,
                () -> ledger().suspend(run, 1, new Wake(null, null, null), null));
        refuses(
                ErrorCode.INVALID_REQUEST,
                run,
                () -> ledger().suspend(run, 1, Wake.on("a b"), null));
        refuses(ErrorCode.STALE_ATTEMPT, run, () -> ledger().suspend(run, 2, Wake.at(LATER), null));
        RunId closed = completed();
        refuses(
                ErrorCode.RUN_CLOSED,
                closed,
                () -> ledger().suspend(closed, 1, Wake.at(LATER), null));
    }

    @Test
    default void signal_that_is_none_or_comes_too_late_is_refused() {
        RunId run = running();
        refuses(ErrorCode.INVALID_REQUEST, run, () -> ledger().signal(run, "a/b", "1"));
        refuses(ErrorCode.INVALID_JSON, run, () -> ledger().signal(run, "a", "{"));
        RunId closed = completed();
        refuses(ErrorCode.RUN_CLOSED, closed, () -> ledger().signal(closed, "a", "1"));
        refuses(ErrorCode.RUN_CLOSED, closed, () -> ledger().resume(closed));
    }

    @Test
    default void attempt_that_took_too_long_has_failed() {
        // Given
        RunId run = running();

        // When, Then
        assertTrue(ledger().record(new Decision.AttemptTimedOut(run.toString(), 1)));
        assertFalse(ledger().record(new Decision.AttemptTimedOut(run.toString(), 1)));
        assertEquals(
                "2 1 run.attempt.failed {\"error\":{\"code\":\"attempt_timeout\","
                        + "\"message\":\"the attempt took too long\"},\"retryable\":true}",
                log(run).getLast());
    }

    @Test
    default void run_that_took_too_long_has_failed_whatever_it_does() {
        // Given
        RunId running = running();
        RunId queued = started();
        RunId suspended = running();
        ledger().suspend(suspended, 1, Wake.at(LATER), null);
        RunId leaving = running();
        ledger().cancel(leaving, null);

        // When, Then
        assertTrue(ledger().record(new Decision.TimedOut(running.toString(), 1)));
        assertFalse(ledger().record(new Decision.TimedOut(running.toString(), 1)));
        assertTrue(ledger().record(new Decision.TimedOut(queued.toString(), 0)));
        assertTrue(ledger().record(new Decision.TimedOut(suspended.toString(), 1)));
        assertTrue(ledger().record(new Decision.TimedOut(leaving.toString(), 1)));
        assertEquals(
                "2 1 run.failed {\"error\":{\"code\":\"run_timeout\","
                        + "\"message\":\"the run took too long\"}}",
                log(running).getLast());
        assertEquals(RunStatus.FAILED, status(queued));
        assertEquals(RunStatus.FAILED, status(suspended));
        assertEquals(RunStatus.CANCELLED, status(leaving));
    }
}
