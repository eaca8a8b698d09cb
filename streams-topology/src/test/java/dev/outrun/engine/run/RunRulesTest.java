package dev.outrun.engine.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.event.Event;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The rules alone: each state's next, with the times it waits for. */
final class RunRulesTest {

    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    private final RunRules rules =
            new RunRules(
                    new Patience(
                            Duration.ofSeconds(30),
                            Duration.ofSeconds(5),
                            Duration.ofSeconds(4),
                            Duration.ofSeconds(10),
                            2));
    private final List<Effect> effects = new ArrayList<>();
    private final TestLog log = new TestLog("a", () -> NOW, this::follow);
    private @Nullable OpenRun run;

    @Test
    void request_forLater_waitsUntilThen() {
        // When
        log.requestedFor(NOW.plusSeconds(7));

        // Then
        assertEquals(new RunState.Waiting(NOW.plusSeconds(7)), state());
    }

    @Test
    void request_forNow_waitsForItsTurn() {
        // When
        log.requestedFor(NOW);

        // Then
        assertEquals(new RunState.Queued(1, NOW), state());
        assertEquals(List.of(new Effect.Publish(log.view("queued"))), effects);
    }

    @Test
    void run_whoseTurnItIs_isDispatched() {
        // Given
        log.requested();
        effects.clear();

        // When
        apply(rules.admitted(opened(), NOW.plusSeconds(9)));

        // Then
        assertEquals(new RunState.Dispatched(1, 1, NOW.plusSeconds(39)), state());
        assertEquals(List.of(new Effect.Dispatch(log.task(1))), effects);
    }

    @Test
    void run_whoseTimeComes_waitsForItsTurnSinceThen() {
        // Given
        log.requestedFor(NOW.plusSeconds(7));

        // When
        apply(rules.due(opened(), NOW.plusSeconds(8)));

        // Then
        assertEquals(new RunState.Queued(1, NOW.plusSeconds(7)), state());
    }

    @Test
    void dispatched_dueAgainAndAgain_waitsAtMostSixteenTimesAsLong() {
        // Given
        log.requested();
        apply(rules.admitted(opened(), NOW));
        List<Duration> waits = new ArrayList<>();

        // When
        for (int i = 0; i < 6; i++) {
            apply(rules.due(opened(), NOW));
            waits.add(Duration.between(NOW, present(state().due())));
        }

        // Then
        assertEquals(
                List.of(60, 120, 240, 480, 480, 480),
                waits.stream().map(wait -> (int) wait.toSeconds()).toList());
    }

    @Test
    void attempt_started_waitsForItsWorkerAlone() {
        // Given
        log.requested();

        // When
        log.started("w@1");

        // Then
        assertEquals(new RunState.Running(1, "w@1"), state());
    }

    @Test
    void attempt_startedBeforeItsTime_runsFromEveryWaitingState() {
        // Given
        log.requestedFor(NOW.plusSeconds(7));

        // When / Then
        log.started("w@1");
        assertEquals(new RunState.Running(1, "w@1"), state());
        log.failed();
        log.started("w@1");
        assertEquals(new RunState.Running(2, "w@1"), state());
        log.failed();
        log.retryScheduled(NOW.plusSeconds(7));
        log.started("w@1");
        assertEquals(new RunState.Running(3, "w@1"), state());
    }

    @Test
    void attempt_failed_decidesFromTheEventsTime() {
        // Given
        log.requested();
        log.started("w@1");

        // When
        log.failed();

        // Then
        assertEquals(
                new RunState.Deciding(log.retry(1, NOW.plusMillis(500)), NOW.plusSeconds(5)),
                state());
        assertEquals(1, opened().facts().failures());
    }

    @Test
    void attempt_lostAsOftenAsIsAllowed_failsTheRun() {
        // Given
        log.requested();
        log.started("w@1");
        log.lost();
        log.started("w@1");

        // When
        log.handedBack();

        // Then
        assertEquals(new Effect.Decide(log.fail(2)), effects.getLast());
        assertEquals(0, opened().facts().failures());
    }

    @Test
    void retry_scheduled_backsOffUntilItsTime() {
        // Given
        log.requested();
        log.started("w@1");
        log.failed();

        // When
        log.retryScheduled(NOW.plusSeconds(1));

        // Then
        assertEquals(new RunState.Backoff(2, NOW.plusSeconds(1)), state());
    }

    @Test
    void cancel_whileRunning_waitsForTheWorkerNoLongerThanTheGrace() {
        // Given
        log.requested();
        log.started("w@1");
        log.cancelRequested();
        var first = state();

        // When
        apply(rules.due(opened(), NOW.plusSeconds(4)));
        apply(rules.due(opened(), NOW.plusSeconds(8)));
        var third = state();
        apply(rules.due(opened(), NOW.plusSeconds(10)));

        // Then
        Instant graceEnds = NOW.plusSeconds(10);
        assertEquals(new RunState.Cancelling(1, "w@1", graceEnds, NOW.plusSeconds(4)), first);
        assertEquals(new RunState.Cancelling(1, "w@1", graceEnds, graceEnds), third);
        assertEquals(new Effect.Decide(log.cancel(1)), effects.getLast());
    }

    @Test
    void worker_lostWhileNothingRuns_changesNothing() {
        // Given
        log.requested();
        effects.clear();
        var before = opened();

        // When
        apply(rules.lost(before, "gone", NOW));

        // Then
        assertEquals(before, run);
        assertEquals(List.of(), effects);
    }

    @Test
    void event_afterAHole_isObeyedInEveryState() {
        // Given
        log.requested();
        log.started("w@1");

        // When / Then
        log.started("w@2");
        assertEquals(new RunState.Running(2, "w@2"), state());
        log.retryScheduled(NOW.plusSeconds(1));
        assertEquals(new RunState.Backoff(3, NOW.plusSeconds(1)), state());
        log.failedForGood();
        assertEquals(new RunState.Deciding(log.fail(2), NOW.plusSeconds(5)), state());
        log.retryScheduled(NOW);
        assertEquals(new RunState.Queued(3, NOW), state());
    }

    @Test
    void log_thatBeginsWithAnythingElse_isRefused() {
        // When / Then
        assertThrows(IllegalArgumentException.class, () -> log.completed());
        assertThrows(IllegalArgumentException.class, () -> log.write("token.delta", "1"));
    }

    @Test
    void event_isSeenOnce() {
        // Given
        List<Event> events = new ArrayList<>();
        var other = new TestLog("b", () -> NOW, events::add);
        other.requested();
        other.started("w@1");
        OpenRun open = rules.opened(events.getFirst(), NOW).run();

        // When / Then
        assertFalse(RunRules.hasSeen(null, events.getFirst()));
        assertTrue(RunRules.hasSeen(null, events.get(1)));
        assertTrue(RunRules.hasSeen(open, events.getFirst()));
        assertFalse(RunRules.hasSeen(open, events.get(1)));
    }

    @Test
    void patience_outOfBounds_isRefusedByName() {
        // When
        var refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () ->
                                new Patience(
                                        Duration.ofSeconds(1),
                                        Duration.ZERO,
                                        Duration.ofSeconds(1),
                                        Duration.ofSeconds(1),
                                        1));

        // Then
        assertEquals("engine.redecide_after is PT0S, not PT0.001S to PT24H", refused.getMessage());
    }

    private void follow(Event event) {
        OpenRun before = run;
        apply(before == null ? rules.opened(event, NOW) : rules.followed(before, event, NOW));
    }

    private void apply(Outcome outcome) {
        run = outcome.run();
        effects.addAll(outcome.effects());
    }

    private OpenRun opened() {
        return present(run);
    }

    private RunState state() {
        return opened().state();
    }

    private static <T> T present(@Nullable T value) {
        assertNotNull(value);
        return value;
    }
}
