package dev.outrun.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** What happens because time goes by: timeouts, sleep. */
final class EngineTimeTest {

    private static final Duration TIMER_GRAIN = Duration.ofMillis(10);

    @AutoClose private final EngineScenario engine = new EngineScenario();

    @Test
    void attempt_thatTakesTooLong_failsAndIsInterruptedThen() {
        // Given
        var run = engine.log("a");
        run.requestedWithTimeouts(0, 5_000);
        run.started("w@1");
        engine.hush();

        // When / Then
        workUntil(4_999, "w");
        assertEquals(List.of(), engine.decisions());
        engine.advance(TIMER_GRAIN);
        assertEquals(List.of(run.attemptTimedOut(1)), engine.decisions());
        assertEquals(List.of(), engine.interrupts());
        run.timedOut();
        assertEquals(List.of(run.interrupt(1)), engine.interrupts());
        assertEquals(List.of(run.retry(1, run.lastTime().plusMillis(500))), engine.decisions());
    }

    @Test
    void attemptsTime_beginsAnewWithEachAttempt() {
        // Given
        var run = engine.log("a");
        run.requestedWithTimeouts(0, 5_000);
        run.started("w@1");
        workUntil(3_000, "w");
        run.handedBack();
        run.retryScheduled(engine.instant());
        run.started("w@1");
        engine.hush();

        // When / Then
        workUntil(4_999, "w");
        assertEquals(List.of(), engine.decisions());
        engine.advance(TIMER_GRAIN);
        assertEquals(List.of(run.attemptTimedOut(2)), engine.decisions());
    }

    @Test
    void attempt_thatCompletesBeforeItsTimeoutIsRecorded_hasCompleted() {
        // Given
        var run = engine.log("a");
        run.requestedWithTimeouts(0, 5_000);
        run.started("w@1");
        workUntil(5_010, "w");
        engine.hush();

        // When
        run.completed();

        // Then
        assertEquals(List.of(run.view("completed")), engine.views());
        assertEquals(0, engine.openRuns());
    }

    @Test
    void run_thatTakesTooLong_failsWhateverItDoes() {
        // Given
        var waiting = engine.log("a");
        var running = engine.log("b");
        var backedOff = engine.log("c");
        var suspended = engine.log("d");
        for (var run : List.of(waiting, running, backedOff, suspended)) {
            run.requestedWithTimeouts(5_000, 0);
        }
        running.started("w@1");
        backedOff.started("w@1");
        backedOff.failed();
        backedOff.retryScheduled(engine.instant().plusSeconds(60));
        suspended.started("w@1");
        suspended.suspended(null);
        engine.hush();

        // When
        workUntil(4_990, "w");
        var before = engine.decisions();
        engine.advance(TIMER_GRAIN);

        // Then
        assertEquals(List.of(), before);
        var decisions = engine.decisions();
        assertEquals(4, decisions.size());
        assertEquals(
                Set.of(
                        waiting.timedOut(0),
                        running.timedOut(1),
                        backedOff.timedOut(1),
                        suspended.timedOut(1)),
                Set.copyOf(decisions));
        assertEquals(List.of(), engine.interrupts());
        for (var run : List.of(waiting, running, backedOff, suspended)) {
            run.failedRun();
        }
        assertEquals(List.of(running.interrupt(1)), engine.interrupts());
    }

    @Test
    void runsTime_beginsWhenItMayBegin() {
        // Given
        var run = engine.log("a");
        run.write(
                "run.requested",
                "{\"handler\":\"echo\",\"queue\":\"default\",\"tenant\":\"default\",\"run_at\":\""
                        + engine.instant().plusSeconds(60)
                        + "\",\"timeout_ms\":5000,\"input\":1}");

        // When / Then
        engine.advance(Duration.ofSeconds(64));
        assertEquals(List.of(), engine.decisions());
        engine.advance(Duration.ofSeconds(1));
        assertEquals(List.of(run.timedOut(0)), engine.decisions());
    }

    @Test
    void decisionThatARunHasTimedOut_notRecorded_isMadeAgain() {
        // Given
        var run = engine.log("a");
        run.requestedWithTimeouts(5_000, 0);
        engine.advance(Duration.ofSeconds(5));
        engine.hush();

        // When
        engine.advance(Duration.ofSeconds(5));

        // Then
        assertEquals(List.of(run.timedOut(0)), engine.decisions());
    }

    @Test
    void run_suspendedUntilATime_goesOnThen() {
        // Given
        var run = engine.log("a");
        run.requested();
        run.started("w@1");
        Instant until = engine.instant().plus(Duration.ofDays(30));
        engine.hush();

        // When / Then: its worker is free, and may go
        run.suspended(until);
        assertEquals(List.of(run.view("suspended")), engine.views());
        engine.leaving("w", 1);
        engine.advanceAtOnce(Duration.ofDays(30).minusMillis(1));
        assertEquals(List.of(), engine.decisions());
        engine.advance(TIMER_GRAIN);
        assertEquals(List.of(run.resume(1)), engine.decisions());
        run.resumed();
        assertEquals(List.of(run.task(2)), engine.tasks());
    }

    @Test
    void run_suspendedUntilASignal_goesOnWithIt() {
        // Given
        var run = engine.log("a");
        run.requested();
        run.started("w@1");
        run.suspended(null);
        engine.hush();

        // When / Then
        engine.advance(Duration.ofMinutes(10));
        assertEquals(List.of(), engine.decisions());
        run.signalReceived();
        run.resumed();
        assertEquals(List.of(run.task(2)), engine.tasks());
        run.started("w@1");
        run.completed();
        assertEquals(0, engine.openRuns());
    }

    @Test
    void run_suspended_holdsNoPlaceInItsQueue() {
        // Given
        var run = engine.log("a").inQueue("q");
        var next = engine.log("b").inQueue("q");
        engine.queueKeepsTo("q", "\"concurrency\":1");
        run.requested();
        next.requested();
        run.started("w@1");
        engine.hush();

        // When
        run.suspended(null);

        // Then
        assertEquals(List.of(next.task(1)), engine.tasks());
    }

    @Test
    void suspensions_countForNoFailure() {
        // Given
        var run = engine.log("a");
        run.requestedWithRetry("{\"max_attempts\":1}");
        for (int attempt = 1; attempt <= 5; attempt++) {
            run.started("w@1");
            run.suspended(null);
            run.resumed();
        }

        // When
        run.started("w@1");
        run.failed();

        // Then
        assertEquals(List.of(run.fail(6)), engine.decisions());
    }

    /** Time goes by while this worker says every second that it lives. */
    private void workUntil(long millis, String worker) {
        for (long left = millis; left > 0; left -= 1_000) {
            engine.heartbeat(worker, 1);
            engine.advance(Duration.ofMillis(Math.min(left, 1_000)));
        }
    }
}
