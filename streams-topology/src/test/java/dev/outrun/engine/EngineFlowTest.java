package dev.outrun.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Parents and children. */
final class EngineFlowTest {

    @AutoClose private final EngineScenario engine = new EngineScenario();

    @Test
    void parent_thatWaitsForItsChildren_hasItsFirstAttemptAfterThem() {
        // Given
        var parent = engine.log("a");

        // When / Then
        parent.requestedWaitingFor("all");
        parent.childStarted();
        engine.advance(Duration.ofHours(1));
        assertEquals(List.of(), engine.tasks());
        parent.childEnded();
        parent.resumed();
        assertEquals(List.of(parent.task(1)), engine.tasks());
    }

    @Test
    void parent_suspendedForItsChildren_goesOnAfterThem() {
        // Given
        var parent = engine.log("a");
        parent.requested();
        parent.started("w@1");
        parent.childStarted();
        engine.hush();

        // When
        parent.suspended(null);
        parent.childEnded();
        parent.resumed();

        // Then
        assertEquals(List.of(parent.task(2)), engine.tasks());
    }

    @Test
    void parent_thatHasEnded_hasItsChildrenEnded() {
        // Given
        var completed = engine.log("a");
        var cancelled = engine.log("b");
        var childless = engine.log("c");
        for (var run : List.of(completed, cancelled, childless)) {
            run.requested();
            run.started("w@1");
        }
        completed.childStarted();
        cancelled.childStarted();
        engine.hush();

        // When
        completed.completed();
        cancelled.cancelled();
        childless.completed();

        // Then
        assertEquals(
                List.of(completed.endChildren(1), cancelled.endChildren(1)), engine.decisions());
        assertEquals(0, engine.openRuns());
    }
}
