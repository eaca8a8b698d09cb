package dev.outrun.testkit;

import static dev.outrun.testkit.SteppedStage.WELL;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.engine.Guarantee;
import dev.outrun.ledger.StartRun;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the whole path survives: parts that stand still, die, or deliver badly. */
final class SteppedCrashTest {

    private final SteppedStage stage = new SteppedStage();

    @AfterEach
    void close() {
        stage.close();
    }

    @Test
    void engineHeld_sendsNothing_untilItIsReleased() {
        // Given
        stage.outrun.hold(Part.ENGINE);
        RunId run = stage.outrun.start("greet", "1");
        stage.outrun.advance(Duration.ofMinutes(1));
        assertEquals(List.of(EventTypes.REQUESTED), stage.outrun.types(run));
        assertEquals(1, stage.outrun.frames(run).size());

        // When
        stage.outrun.release(Part.ENGINE);
        stage.outrun.settle();

        // Then
        assertEquals(WELL, stage.outrun.types(run));
    }

    @Test
    void workerHeld_losesItsAttempt_andCannotWriteInItAfterwards() {
        // Given
        RunId run = stage.claimed("greet");
        stage.outrun.hold(Part.WORKER);

        // When
        stage.outrun.advance(Duration.ofSeconds(15));
        assertEquals(RunStatus.RETRYING, stage.outrun.status(run));
        stage.outrun.release(Part.WORKER);
        stage.outrun.settle();

        // Then: made twice, written once
        assertEquals(
                List.of(
                        EventTypes.REQUESTED,
                        EventTypes.ATTEMPT_STARTED,
                        EventTypes.ATTEMPT_FAILED,
                        EventTypes.RETRY_SCHEDULED,
                        EventTypes.ATTEMPT_STARTED,
                        "greeting",
                        EventTypes.COMPLETED),
                stage.outrun.types(run));
        assertEquals(2, stage.outrun.log(run).getLast().attempt());
    }

    @Test
    void workerCrashed_losesWhatItHasClaimed_andTheNextAttemptIsMade() {
        // Given
        RunId run = stage.claimed("greet");

        // When
        stage.outrun.crash(Part.WORKER);
        stage.outrun.settle();

        // Then
        assertEquals(
                "{\"error\":{\"code\":\"attempt_lost\",\"message\":\"worker started again\"},"
                        + "\"retryable\":true}",
                new String(stage.outrun.log(run).get(2).data(), UTF_8));
        assertEquals(EventTypes.COMPLETED, stage.outrun.types(run).getLast());
        assertEquals(List.of("1"), stage.made);
    }

    @Test
    void engineCrashed_goesOnFromItsCommit_andNothingIsDoneTwice() {
        // Given: one run over, one waiting, one backing off; the engine has committed halfway
        RunId over = stage.outrun.start("greet", "1");
        RunId waiting = stage.outrun.start(stage.later("greet", Duration.ofSeconds(30)));
        stage.outrun.settle();
        stage.outrun.commit();
        RunId backingOff = stage.outrun.start("flaky", "null");
        stage.outrun.settle();

        // When
        stage.outrun.crash(Part.ENGINE);
        stage.outrun.advance(Duration.ofMinutes(2));

        // Then
        assertEquals(WELL, stage.outrun.types(over));
        assertEquals(WELL, stage.outrun.types(waiting));
        assertEquals(3, stage.times(backingOff, EventTypes.ATTEMPT_STARTED).size());
        assertEquals(RunStatus.COMPLETED, stage.outrun.status(backingOff));
    }

    @Test
    void engineCrashed_beforeItsFirstCommit_readsAllAgain() {
        // Given
        RunId run = stage.claimed("greet");

        // When
        stage.outrun.crash(Part.ENGINE);
        stage.outrun.settle();

        // Then
        assertEquals(WELL, stage.outrun.types(run));
        assertEquals(List.of("1"), stage.made);
    }

    @Test
    void engineCrashed_exactlyOnce_hasNotSaidWhatItHadNotCommitted() {
        // Given: it has read the request, and not committed
        try (SteppedOutrun outrun =
                SteppedOutrun.with(stage.handlers()).guarantee(Guarantee.EXACTLY_ONCE_V2).open()) {
            RunId run = outrun.start("greet", "1");
            outrun.step(Part.CONNECTOR);
            outrun.step(Part.ENGINE);
            assertEquals(0, outrun.tasks().waiting().size());

            // When
            outrun.crash(Part.ENGINE);
            assertTrue(outrun.step(Part.ENGINE));

            // Then
            assertEquals(0, outrun.tasks().waiting().size());
            while (outrun.step(Part.ENGINE)) {}
            assertEquals(1, outrun.tasks().waiting().size());
            outrun.settle();
            assertEquals(WELL, outrun.types(run));
        }
    }

    @Test
    void connectorCrashed_publishesEachEventOnce() {
        // Given
        RunId before = stage.outrun.start("greet", "1");
        stage.outrun.settle();
        RunId amid = stage.outrun.start("greet", "2");
        stage.outrun.step(Part.CONNECTOR);

        // When
        stage.outrun.crash(Part.CONNECTOR);
        stage.outrun.settle();

        // Then
        assertEquals(envelopes(before), data(stage.outrun.frames(before)));
        assertEquals(envelopes(amid), data(stage.outrun.frames(amid)));
    }

    @Test
    void recorderCrashed_recordsItsDecisionsAgain_toNoEffect() {
        // Given
        RunId run = stage.outrun.start("flaky", "null");
        stage.outrun.settle();

        // When
        stage.outrun.crash(Part.RECORDER);
        stage.outrun.advance(Duration.ofMinutes(1));

        // Then
        assertEquals(2, stage.times(run, EventTypes.RETRY_SCHEDULED).size());
        assertEquals(RunStatus.COMPLETED, stage.outrun.status(run));
    }

    @Test
    void tasksAndDecisions_doubledAndShuffled_changeNothing() {
        // Given
        List<RunId> runs = new ArrayList<>();
        for (int each = 0; each < 10; each++) {
            runs.add(stage.outrun.start(StartRun.with("flaky", "1").queue("q" + each).build()));
        }

        // When
        for (int round = 0; round < 30; round++) {
            stage.outrun.hold(Part.WORKER);
            stage.outrun.hold(Part.RECORDER);
            stage.outrun.settle();
            stage.outrun.tasks().duplicate();
            stage.outrun.tasks().shuffle();
            stage.outrun.decisions().duplicate();
            stage.outrun.decisions().shuffle();
            stage.outrun.release(Part.WORKER);
            stage.outrun.release(Part.RECORDER);
            stage.outrun.settle();
            stage.outrun.advance(Duration.ofMillis(100));
        }

        // Then
        for (RunId run : runs) {
            assertEquals(3, stage.times(run, EventTypes.ATTEMPT_STARTED).size());
            assertEquals(EventTypes.COMPLETED, stage.outrun.types(run).getLast());
        }
    }

    @Test
    void tasks_lost_areSentAgain() {
        // Given
        RunId run = stage.outrun.start("greet", "1");
        stage.outrun.hold(Part.WORKER);
        stage.outrun.settle();
        assertEquals(1, stage.outrun.tasks().waiting().size());

        // When
        stage.outrun.tasks().lose();
        stage.outrun.release(Part.WORKER);
        stage.outrun.advance(Duration.ofSeconds(31));

        // Then
        assertEquals(WELL, stage.outrun.types(run));
    }

    private List<String> envelopes(RunId run) {
        return LogAssert.envelopes(stage.outrun.log(run));
    }

    private static List<String> data(List<String> frames) {
        return frames.stream().map(frame -> frame.split("\ndata: ", 2)[1].strip()).toList();
    }
}
