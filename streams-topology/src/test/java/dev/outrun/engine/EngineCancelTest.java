package dev.outrun.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Cancelling a run: where it waits, where it runs, and where its handler does not listen. */
final class EngineCancelTest {

    @AutoClose private final EngineScenario engine = new EngineScenario();

    @Test
    void cancel_whileQueued_leavesTheEndToTheLedger() {
        // Given
        var run = engine.log("a");
        run.requested();
        engine.hush();

        // When
        run.cancelRequested();
        run.cancelled();
        engine.advance(Duration.ofMinutes(2));

        // Then
        assertEquals(List.of(), engine.interrupts());
        assertEquals(List.of(), engine.decisions());
        assertEquals(List.of(), engine.tasks());
        assertEquals(run.view("cancelled"), engine.views().getLast());
        assertEquals(0, engine.openRuns());
    }

    @Test
    void cancel_whileDelayed_takesTheTimerAway() {
        // Given
        var run = engine.log("a");
        run.requestedFor(engine.instant().plusSeconds(10));

        // When
        run.cancelRequested();
        run.cancelled();
        engine.advance(Duration.ofSeconds(60));

        // Then
        assertEquals(List.of(), engine.tasks());
    }

    @Test
    void cancel_whileRunning_interruptsTheAttempt() {
        // Given
        var run = engine.log("a");
        run.requested();
        run.started("w@1");
        engine.hush();

        // When
        run.cancelRequested();
        var asked = run.view("running");
        run.cancelled();
        engine.advance(Duration.ofMinutes(1));

        // Then
        assertEquals(List.of(run.interrupt(1)), engine.interrupts());
        assertEquals(List.of(asked, run.view("cancelled")), engine.views());
        assertEquals(List.of(), engine.decisions());
    }

    @Test
    void interrupt_notFollowed_isSentAgainUntilTheGraceEndsInACancel() {
        // Given
        var run = engine.log("a");
        run.requested();
        run.started("w@1");
        run.cancelRequested();

        // When / Then
        for (int s = 0; s < 29; s++) {
            engine.heartbeat("w", 1);
            engine.advance(Duration.ofSeconds(1));
        }
        assertEquals(6, engine.interrupts().size());
        assertEquals(List.of(), engine.decisions());
        engine.advance(Duration.ofSeconds(1));
        assertEquals(List.of(run.cancel(1)), engine.decisions());

        // When / Then
        engine.advance(Duration.ofSeconds(5));
        assertEquals(List.of(run.cancel(1)), engine.decisions());
        assertEquals(List.of(), engine.interrupts());
        run.cancelled();
        assertEquals(0, engine.openRuns());
    }

    @Test
    void worker_lostWhileCancelling_losesTheAttempt() {
        // Given
        var run = engine.log("a");
        run.requested();
        run.started("w@1");
        run.cancelRequested();

        // When: re-sent interrupts are no sign of the worker's life
        engine.advance(Duration.ofSeconds(11));

        // Then
        assertEquals(List.of(run.attemptLost(1, "worker silent")), engine.decisions());
        run.cancelled();
        assertEquals(0, engine.openRuns());
    }

    @Test
    void attempt_failedAfterACancel_isNotRetried() {
        // Given
        var run = engine.log("a");
        run.requested();
        run.started("w@1");
        run.cancelRequested();

        // When
        run.failed();

        // Then
        assertEquals(List.of(run.cancel(1)), engine.decisions());
    }
}
