package dev.outrun.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** What is lost is said again; what comes again changes nothing. */
final class EngineRepetitionTest {

    @AutoClose private final EngineScenario engine = new EngineScenario();

    @Test
    void task_notClaimed_isSentAgainAtGrowingDistances() {
        // Given
        var run = engine.log("a");
        run.requested();
        engine.hush();

        // When / Then
        engine.advance(Duration.ofSeconds(29));
        assertEquals(List.of(), engine.tasks());
        engine.advance(Duration.ofSeconds(1));
        assertEquals(List.of(run.task(1)), engine.tasks());
        engine.advance(Duration.ofSeconds(59));
        assertEquals(List.of(), engine.tasks());
        engine.advance(Duration.ofSeconds(1));
        assertEquals(List.of(run.task(1)), engine.tasks());
    }

    @Test
    void task_claimed_isNotSentAgain() {
        // Given
        var run = engine.log("a");
        run.requested();
        run.started("w@1");
        engine.hush();

        // When
        for (int s = 0; s < 600; s++) {
            engine.heartbeat("w", 1);
            engine.advance(Duration.ofSeconds(1));
        }

        // Then
        assertEquals(List.of(), engine.tasks());
        assertEquals(List.of(), engine.decisions());
    }

    @Test
    void decision_notRecorded_isSentAgainTheSame() {
        // Given
        var run = engine.log("a");
        run.requested();
        run.started("w@1");
        run.failed();
        var said = engine.decisions();

        // When
        engine.advance(Duration.ofSeconds(10));

        // Then
        assertEquals(List.of(said.getFirst(), said.getFirst()), engine.decisions());
    }

    @Test
    void event_doubled_isSkipped() {
        // Given
        var run = engine.log("a");
        run.requested();
        run.started("w@1");
        run.failed();
        engine.hush();

        // When
        run.replayFrom(0);

        // Then
        assertEquals(List.of(), engine.tasks());
        assertEquals(List.of(), engine.decisions());
        assertEquals(List.of(), engine.views());
    }

    @Test
    void tailOfAnEndedRun_replayed_isSkipped() {
        // Given
        var run = engine.log("a");
        run.requested();
        run.started("w@1");
        run.completed();
        engine.hush();

        // When
        run.replayFrom(1);

        // Then
        assertEquals(List.of(), engine.views());
        assertEquals(0, engine.openRuns());
    }

    @Test
    void wholeLogOfAnEndedRun_replayed_endsAgain() {
        // Given
        var run = engine.log("a");
        run.requested();
        run.started("w@1");
        run.completed();
        engine.hush();

        // When
        run.replayFrom(0);

        // Then
        assertEquals(run.view("completed"), engine.views().getLast());
        assertEquals(0, engine.openRuns());
    }

    @Test
    void log_withAHole_isFollowedFromTheOtherSide() {
        // Given
        var run = engine.log("a");
        run.requested();
        run.started("w@1");
        run.writeUnseen("run.attempt.failed");
        engine.hush();

        // When
        run.retryScheduled(run.lastTime());
        run.started("w@1");
        run.completed();

        // Then
        assertEquals(List.of(run.task(2)), engine.tasks());
        assertEquals(run.view("completed"), engine.views().getLast());
    }
}
