package dev.outrun.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attempts whose worker is gone are lost, and tried again. */
final class EngineWorkerLossTest {

    @AutoClose private final EngineScenario engine = new EngineScenario();

    @Test
    void worker_silent_losesItsAttemptWhichIsRetriedAtOnce() {
        // Given
        var run = engine.log("a");
        run.requested();
        engine.heartbeat("w", 1);
        run.started("w@1");
        engine.advance(Duration.ofSeconds(8));
        engine.heartbeat("w", 1);
        engine.hush();

        // When / Then
        engine.advance(Duration.ofSeconds(9));
        assertEquals(List.of(), engine.decisions());
        engine.advance(Duration.ofSeconds(2));
        assertEquals(List.of(run.attemptLost(1, "worker silent")), engine.decisions());

        // When / Then
        run.lost();
        assertEquals(List.of(run.retry(1, run.lastTime())), engine.decisions());
        run.retryScheduled(run.lastTime());
        assertEquals(List.of(run.task(2)), engine.tasks());
    }

    @Test
    void worker_startedAgain_losesWhatItsFormerSessionHeld() {
        // Given
        var lost = engine.log("a");
        var kept = engine.log("b");
        var others = engine.log("c");
        List.of(lost, kept, others).forEach(run -> run.requested());
        lost.started("w@1");
        kept.started("w@2");
        others.started("w2@1");

        // When
        engine.heartbeat("w", 2);

        // Then
        assertEquals(List.of(lost.attemptLost(1, "worker started again")), engine.decisions());
    }

    @Test
    void worker_leaving_losesWhatItHolds() {
        // Given
        var run = engine.log("a");
        run.requested();
        run.started("w@1");

        // When
        engine.leaving("w", 1);

        // Then
        assertEquals(List.of(run.attemptLost(1, "worker left")), engine.decisions());
    }

    @Test
    void attempt_startedByASessionKnownToBeGone_isLostAtOnce() {
        // Given
        var run = engine.log("a");
        run.requested();
        engine.heartbeat("w", 2);

        // When
        run.started("w@1");

        // Then
        assertEquals(List.of(run.attemptLost(1, "worker started again")), engine.decisions());
    }

    @Test
    void heartbeatOfADeadSession_late_changesNothing() {
        // Given
        var run = engine.log("a");
        run.requested();
        run.started("w@2");
        engine.heartbeat("w", 2);

        // When
        engine.heartbeat("w", 1);
        engine.leaving("w", 1);

        // Then
        assertEquals(List.of(), engine.decisions());
    }

    @ParameterizedTest
    @ValueSource(strings = {"lease-7", "someone@example", "w@1", "@", ""})
    void claimant_neverHeardOf_isLostAfterTheTimeout(String claimant) {
        // Given
        var run = engine.log("a");
        run.requested();
        engine.advance(Duration.ofSeconds(20));
        run.started(claimant);

        // When / Then
        engine.advance(Duration.ofSeconds(9));
        assertEquals(List.of(), engine.decisions());
        engine.advance(Duration.ofSeconds(2));
        assertEquals(List.of(run.attemptLost(1, "worker silent")), engine.decisions());
    }

    @Test
    void engine_frozenForLong_blamesNoWorker() {
        // Given
        var run = engine.log("a");
        run.requested();
        run.started("w@1");
        engine.advance(Duration.ofSeconds(1));

        // When
        engine.advanceAtOnce(Duration.ofHours(8));
        engine.heartbeat("w", 1);
        engine.advance(Duration.ofSeconds(9));

        // Then
        assertEquals(List.of(), engine.decisions());
    }

    @Test
    void attempt_completedWhileItsLossIsDecided_staysCompleted() {
        // Given
        var run = engine.log("a");
        run.requested();
        run.started("w@1");
        engine.leaving("w", 1);
        engine.hush();

        // When
        run.completed();
        engine.advance(Duration.ofMinutes(1));

        // Then
        assertEquals(List.of(), engine.decisions());
        assertEquals(0, engine.openRuns());
    }

    @Test
    void attempt_lostAHundredTimes_failsTheRun() {
        // Given
        var run = engine.log("a");
        run.requested();
        for (int attempt = 1; attempt < 100; attempt++) {
            run.started("w@1");
            run.lost();
            run.retryScheduled(run.lastTime());
        }
        run.started("w@1");
        engine.hush();

        // When
        run.lost();

        // Then
        assertEquals(List.of(run.fail(100)), engine.decisions());
    }

    @Test
    void heartbeat_unreadable_isSkipped() {
        // Given
        var run = engine.log("a");
        run.requested();
        run.started("w@1");

        // When
        for (String value : List.of("", "null", "{}", "{\"session\":2}", "[", "\u0000")) {
            engine.heartbeatOf("w", value.getBytes(UTF_8));
        }
        engine.leaving("w", 1);

        // Then
        assertEquals(List.of(run.attemptLost(1, "worker left")), engine.decisions());
    }
}
