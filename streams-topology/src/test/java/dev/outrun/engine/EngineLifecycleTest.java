package dev.outrun.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** From request to end: dispatch, delay, retries. */
final class EngineLifecycleTest {

    @AutoClose private final EngineScenario engine = new EngineScenario();

    @Test
    void run_requested_isDispatchedAtOnceAndShown() {
        // Given
        var run = engine.log("a");

        // When
        run.requested();

        // Then
        assertEquals(List.of(run.task(1)), engine.tasks());
        assertEquals(List.of(run.view("queued")), engine.views());
    }

    @Test
    void run_startedAndCompleted_isShownAndForgotten() {
        // Given
        var run = engine.log("a");
        run.requested();
        engine.hush();

        // When
        run.started("w@1");
        var running = run.view("running");
        run.write("token.delta", "\"a\"");
        run.completed();

        // Then
        assertEquals(List.of(running, run.view("completed")), engine.views());
        assertEquals(List.of(), engine.tasks());
        assertEquals(List.of(), engine.decisions());
        assertEquals(0, engine.openRuns());
    }

    @Test
    void usersEvent_ofAnyType_isNotShown() {
        // Given
        var run = engine.log("a");
        run.requested();
        run.started("w@1");
        engine.hush();

        // When
        run.write("token.delta", "not even json");
        run.write("run.of.a.later.version", "{}");

        // Then
        assertEquals(List.of(), engine.views());
    }

    @Test
    void run_requestedForLater_isDispatchedThen() {
        // Given
        var run = engine.log("a");
        run.requestedFor(engine.instant().plus(Duration.ofHours(1)));

        // When
        engine.advance(Duration.ofHours(1).minusMillis(1));
        var before = engine.tasks();
        engine.advance(Duration.ofMillis(10));

        // Then
        assertEquals(List.of(), before);
        assertEquals(List.of(run.task(1)), engine.tasks());
    }

    @Test
    void run_requestedForThePast_isDispatchedAtOnce() {
        // Given
        var run = engine.log("a");

        // When
        run.requestedFor(engine.instant().minusSeconds(1));

        // Then
        assertEquals(List.of(run.task(1)), engine.tasks());
    }

    @Test
    void attempt_failed_isRetriedAfterTheDelayUntilItSucceeds() {
        // Given
        var run = engine.log("a");
        run.requestedWithRetry(
                "{\"max_attempts\":3,\"delay_ms\":1000,\"backoff\":\"exponential\"}");
        run.started("w@1");
        engine.hush();

        // When / Then: the first failure is followed by one delay
        run.failed();
        Instant first = run.lastTime().plusSeconds(1);
        assertEquals(List.of(run.retry(1, first)), engine.decisions());
        assertEquals(List.of(run.view("retrying")), engine.views());
        run.retryScheduled(first);
        engine.advance(Duration.ofMillis(999));
        assertEquals(List.of(), engine.tasks());
        engine.advance(Duration.ofMillis(1));
        assertEquals(List.of(run.task(2)), engine.tasks());

        // When / Then: the second by two
        run.started("w@1");
        run.failed();
        Instant second = run.lastTime().plusSeconds(2);
        assertEquals(List.of(run.retry(2, second)), engine.decisions());
        run.retryScheduled(second);
        engine.advance(Duration.ofSeconds(2));
        assertEquals(List.of(run.task(3)), engine.tasks());

        // When / Then
        run.started("w@1");
        run.completed();
        assertEquals(0, engine.openRuns());
    }

    @Test
    void attempt_failedForTheLastTime_failsTheRun() {
        // Given
        var run = engine.log("a");
        run.requestedWithRetry("{\"max_attempts\":1}");
        run.started("w@1");
        engine.hush();

        // When
        run.failed();

        // Then
        assertEquals(List.of(run.fail(1)), engine.decisions());
        run.failedRun();
        assertEquals(run.view("failed"), engine.views().getLast());
        assertEquals(0, engine.openRuns());
    }

    @Test
    void attempt_failedForGood_failsTheRun() {
        // Given
        var run = engine.log("a");
        run.requested();
        run.started("w@1");

        // When
        run.failedForGood();

        // Then
        assertEquals(List.of(run.fail(1)), engine.decisions());
    }

    @Test
    void attempt_handedBack_isRetriedAtOnceAndCountsForNothing() {
        // Given
        var run = engine.log("a");
        run.requestedWithRetry("{\"max_attempts\":1}");
        run.started("w@1");
        engine.hush();

        // When
        run.handedBack();
        run.retryScheduled(run.lastTime());

        // Then
        assertEquals(List.of(run.retry(1, run.lastTime())), engine.decisions());
        assertEquals(List.of(run.task(2)), engine.tasks());
    }

    @Test
    void run_forkedAfterWhateverHappened_hasAnotherAttemptWithAllItsRetries() {
        // Given: what was copied ends in a failure for good
        var run = engine.log("a");
        run.requestedWithRetry("{\"max_attempts\":2,\"delay_ms\":0}");
        run.started("w@1");
        run.failed();
        run.retryScheduled(run.lastTime());
        run.started("w@1");
        run.failed();
        engine.hush();

        // When / Then
        run.forked();
        assertEquals(List.of(run.task(3)), engine.tasks());
        assertEquals(List.of(run.view("queued")), engine.views());
        run.started("w@1");
        run.failed();
        assertEquals(List.of(run.retry(3, run.lastTime())), engine.decisions());
    }

    @Test
    void run_forkedBeforeItsFirstAttempt_hasOneTask() {
        // Given
        var run = engine.log("a");

        // When
        run.requested();
        run.forked();

        // Then
        assertEquals(List.of(run.task(1)), engine.tasks());
    }

    @Test
    void run_forkedWhileAnAttemptWasLive_isNotThatWorkersAnyMore() {
        // Given
        var run = engine.log("a");
        run.requested();
        run.started("w@1");
        run.forked();
        engine.hush();

        // When
        engine.leaving("w", 1);

        // Then
        assertEquals(List.of(), engine.decisions());
    }

    @Test
    void runs_ofOneShard_goTheirWaysApart() {
        // Given
        var one = engine.log("a");
        var other = engine.log("b");

        // When
        one.requested();
        other.requested();
        other.started("w@1");
        one.started("w@1");
        other.completed();

        // Then
        assertEquals(List.of(one.task(1), other.task(1)), engine.tasks());
        assertEquals(1, engine.openRuns());
    }
}
