package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The ledger's contract about attempts: claim, complete, fail. */
interface AttemptContract extends LedgerContract {

    RunId UNKNOWN = new RunId(new UUID(7, 7));

    @Test
    default void claim_makes_the_attempt_live_and_says_what_to_run() {
        // Given
        ledger().registerHandlers(List.of(HANDLER));
        RunId run = ledger().start(StartRun.of(HANDLER, "{ \"a\": 1 }"));

        // When
        Optional<Claim> claim = ledger().claim(run, 1, WORKER);

        // Then
        assertEquals(
                Optional.of(new Claim("default", "default", HANDLER, "{ \"a\": 1 }", 2)), claim);
        assertEquals(RunStatus.RUNNING, status(run));
        assertEquals("1 1 run.attempt.started {\"worker\":\"w1@1\"}", log(run).getLast());
    }

    @Test
    default void claim_of_an_attempt_that_is_not_next_writes_nothing() {
        // Given
        RunId queued = started();
        RunId running = running();
        RunId closed = completed();
        List<List<String>> before = List.of(log(queued), log(running), log(closed));

        // When
        List<Optional<Claim>> claims =
                List.of(
                        ledger().claim(queued, 2, WORKER),
                        ledger().claim(queued, 0, WORKER),
                        ledger().claim(running, 1, "w1@2"),
                        ledger().claim(running, 2, WORKER),
                        ledger().claim(closed, 2, WORKER),
                        ledger().claim(UNKNOWN, 1, WORKER));

        // Then
        assertEquals(List.of(), claims.stream().flatMap(Optional::stream).toList());
        assertEquals(before, List.of(log(queued), log(running), log(closed)));
    }

    @Test
    default void live_attempt_says_who_makes_it_and_whether_it_is_to_stop() {
        // Given
        RunId run = running();
        int shard = ledger().run(run).orElseThrow().shard();

        // When
        LiveAttempt before = ledger().liveAttempt(run, 1);
        ledger().cancel(run, null);
        LiveAttempt after = ledger().liveAttempt(run, 1);

        // Then
        assertEquals(new LiveAttempt(WORKER, shard, false), before);
        assertEquals(new LiveAttempt(WORKER, shard, true), after);
    }

    @Test
    default void attempt_that_is_not_live_is_refused() {
        // Given
        RunId queued = started();
        RunId running = running();
        RunId retrying = retrying();
        RunId closed = completed();

        // When, then
        refuses(ErrorCode.STALE_ATTEMPT, queued, () -> ledger().liveAttempt(queued, 1));
        refuses(ErrorCode.STALE_ATTEMPT, running, () -> ledger().liveAttempt(running, 2));
        refuses(ErrorCode.STALE_ATTEMPT, retrying, () -> ledger().liveAttempt(retrying, 1));
        refuses(ErrorCode.RUN_CLOSED, closed, () -> ledger().liveAttempt(closed, 1));
        refuses(ErrorCode.UNKNOWN_RUN, UNKNOWN, () -> ledger().liveAttempt(UNKNOWN, 1));
    }

    @Test
    default void claim_said_twice_by_the_same_worker_writes_once() {
        // Given
        RunId run = started();
        Optional<Claim> first = ledger().claim(run, 1, WORKER);
        List<String> log = log(run);

        // When
        Optional<Claim> second = ledger().claim(run, 1, WORKER);

        // Then
        assertEquals(first, second);
        assertEquals(log, log(run));
    }

    @Test
    default void claim_said_twice_after_the_attempt_has_ended_is_refused() {
        // Given
        RunId failed = retrying();
        RunId closed = completed();

        // When
        Optional<Claim> ofFailed = ledger().claim(failed, 1, WORKER);
        Optional<Claim> ofClosed = ledger().claim(closed, 1, WORKER);

        // Then
        assertEquals(Optional.empty(), ofFailed);
        assertEquals(Optional.empty(), ofClosed);
    }

    @Test
    default void complete_ends_the_run_with_its_output() {
        // Given
        RunId run = running();

        // When
        long seq = ledger().complete(run, 1, "{ \"ok\": 1.0 }");

        // Then
        assertEquals(2, seq);
        assertEquals("2 1 run.completed {\"output\":{ \"ok\": 1.0 }}", log(run).getLast());
        Run row = ledger().run(run).orElseThrow();
        assertEquals(RunStatus.COMPLETED, row.status());
        assertEquals("{ \"ok\": 1.0 }", row.output());
        assertEquals(row.updatedAt().isBefore(row.createdAt()), false);
        assertEquals(true, row.finishedAt() != null);
    }

    @Test
    default void complete_appends_the_last_events_before_its_own() {
        // Given
        RunId run = running();
        String events =
                "[{\"type\":\"a\",\"data\":[1]}, {\"type\":\"b\",\"data\":{ \"x\": [] }}]\n";

        // When
        long seq = ledger().complete(run, 1, "3", events);
        long again = ledger().complete(run, 1, "3", events);

        // Then
        assertEquals(List.of(4L, 4L), List.of(seq, again));
        assertEquals(
                List.of("2 1 a [1]", "3 1 b { \"x\": [] }", "4 1 run.completed {\"output\":3}"),
                log(run).subList(2, log(run).size()));
    }

    @Test
    default void complete_with_events_it_does_not_take_is_refused() {
        RunId run = running();
        refuses(ErrorCode.INVALID_EVENTS, run, () -> ledger().complete(run, 1, "1", "[]"));
        refuses(
                ErrorCode.INVALID_EVENTS,
                run,
                () -> ledger().complete(run, 1, "1", "[{\"type\":\"run.x\",\"data\":1}]"));
    }

    @Test
    default void complete_said_twice_writes_once() {
        // Given
        RunId run = running();
        long first = ledger().complete(run, 1, "1");
        List<String> log = log(run);

        // When
        long second = ledger().complete(run, 1, "2");

        // Then
        assertEquals(first, second);
        assertEquals(log, log(run));
        assertEquals("1", ledger().run(run).orElseThrow().output());
    }

    @Test
    default void fail_waits_for_a_decision_and_keeps_the_error() {
        // Given
        RunId run = running();

        // When
        RunStatus status = ledger().fail(run, 1, "{ \"code\":\"x\" }", false);

        // Then
        assertEquals(RunStatus.RETRYING, status);
        assertEquals(
                "2 1 run.attempt.failed {\"error\":{ \"code\":\"x\" },\"retryable\":false}",
                log(run).getLast());
        assertEquals("{ \"code\":\"x\" }", ledger().run(run).orElseThrow().error());
    }

    @Test
    default void fail_said_twice_writes_once() {
        // Given
        RunId run = running();
        ledger().fail(run, 1, "1", true);
        List<String> log = log(run);

        // When
        RunStatus again = ledger().fail(run, 1, "2", false);

        // Then
        assertEquals(RunStatus.RETRYING, again);
        assertEquals(log, log(run));
    }

    @Test
    default void end_of_an_attempt_that_is_not_live_is_refused() {
        RunId queued = started();
        refuses(ErrorCode.STALE_ATTEMPT, queued, () -> ledger().complete(queued, 1, "1"));
        refuses(ErrorCode.STALE_ATTEMPT, queued, () -> ledger().complete(queued, 0, "1"));
        refuses(ErrorCode.STALE_ATTEMPT, queued, () -> ledger().fail(queued, 0, "1", true));
        RunId second = retrying();
        refuses(ErrorCode.STALE_ATTEMPT, second, () -> ledger().complete(second, 1, "1"));
        claim(second, 2);
        refuses(ErrorCode.STALE_ATTEMPT, second, () -> ledger().complete(second, 1, "1"));
        refuses(ErrorCode.STALE_ATTEMPT, second, () -> ledger().fail(second, 1, "1", true));
    }

    @Test
    default void end_of_a_closed_run_is_refused() {
        RunId run = completed();
        refuses(ErrorCode.RUN_CLOSED, run, () -> ledger().fail(run, 1, "1", true));
        refuses(ErrorCode.RUN_CLOSED, run, () -> ledger().complete(run, 2, "1"));
    }

    @Test
    default void end_of_an_unknown_run_is_refused() {
        refuses(ErrorCode.UNKNOWN_RUN, UNKNOWN, () -> ledger().complete(UNKNOWN, 1, "1"));
        refuses(ErrorCode.UNKNOWN_RUN, UNKNOWN, () -> ledger().fail(UNKNOWN, 1, "1", true));
    }

    @Test
    default void end_with_what_is_no_json_is_refused() {
        RunId run = running();
        refuses(ErrorCode.INVALID_JSON, run, () -> ledger().complete(run, 1, "{"));
        refuses(ErrorCode.INVALID_JSON, run, () -> ledger().fail(run, 1, "oops", true));
    }

    @Test
    default void end_with_more_than_1_mib_is_refused() {
        RunId run = running();
        String large = '"' + "x".repeat(1 << 20) + '"';
        refuses(ErrorCode.PAYLOAD_TOO_LARGE, run, () -> ledger().complete(run, 1, large));
        refuses(ErrorCode.PAYLOAD_TOO_LARGE, run, () -> ledger().fail(run, 1, large, true));
    }
}
