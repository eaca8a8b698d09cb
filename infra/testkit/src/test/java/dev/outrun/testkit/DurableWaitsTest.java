package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.worker.JsonText;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** How a handler waits without a worker: sleep and signals. */
final class DurableWaitsTest extends DurableHandlers {

    @Test
    void sleep_givesTheWorkerBack_andTheRunGoesOnBehindIt() {
        // Given
        open((run, input) -> {
            step(run, "before", 1);
            run.sleep(HOUR);
            step(run, "between", 2);
            run.sleep(HOUR);
            return step(run, "after", 3);
        });
        RunId run = start();
        outrun.settle();

        // When
        outrun.advance(HOUR.minusMillis(1));

        // Then
        assertEquals(RunStatus.SUSPENDED, outrun.status(run));
        assertEquals(List.of("before 1"), done);

        // When
        outrun.advance(Duration.ofMillis(20));
        assertEquals(List.of("before 1", "between 2"), done);
        outrun.advance(HOUR);

        // Then
        assertEquals(List.of("before 1", "between 2", "after 3"), done);
        assertEquals(RunStatus.COMPLETED, outrun.status(run));
        assertEquals(2, count(run, EventTypes.SUSPENDED));
    }

    @Test
    void sleep_isOverForEveryLaterAttempt() {
        // Given
        open((run, input) -> {
            run.sleep(HOUR);
            failUntil(run, 4);
            return null;
        });

        // When
        RunId run = start();
        outrun.advance(HOUR.plusMinutes(1));

        // Then
        assertEquals(RunStatus.COMPLETED, outrun.status(run));
        assertEquals(1, count(run, EventTypes.SUSPENDED));
    }

    @Test
    void sleep_thatIsResumed_isOver() {
        // Given
        open((run, input) -> {
            run.sleep(HOUR);
            return "awake";
        });
        RunId run = start();
        outrun.settle();

        // When
        outrun.ledger().resume(run);
        outrun.settle();

        // Then
        assertEquals(RunStatus.COMPLETED, outrun.status(run));
    }

    @Test
    void forkOfASleepingRun_sleepsUntilTheSameTime() {
        // Given
        open((run, input) -> {
            run.sleep(HOUR);
            return "awake";
        });
        RunId run = start();
        outrun.advance(Duration.ofMinutes(20));

        // When
        RunId fork = outrun.ledger().fork(run, outrun.log(run).size(), null);
        outrun.advance(Duration.ofMinutes(39));

        // Then
        assertEquals(RunStatus.SUSPENDED, outrun.status(fork));
        outrun.advance(Duration.ofMinutes(2));
        assertEquals(RunStatus.COMPLETED, outrun.status(fork));
        assertEquals(RunStatus.COMPLETED, outrun.status(run));
    }

    @Test
    void signals_areTakenInOrder_howeverEarlyTheyCame_andAgainByALaterAttempt() {
        // Given
        open((run, input) -> {
            run.sleep(Duration.ofMinutes(1));
            String both = run.awaitSignal("word", String.class);
            both += run.awaitSignal("word", String.class);
            failUntil(run, 5);
            return both;
        });
        RunId run = start();
        outrun.settle();
        outrun.signal(run, "word", "\"a\"");
        outrun.advance(Duration.ofMinutes(2));
        assertEquals(RunStatus.SUSPENDED, outrun.status(run));

        // When
        outrun.signal(run, "other", "\"x\"");
        outrun.signal(run, "word", "\"b\"");
        outrun.signal(run, "word", "\"c\"");
        outrun.advance(HOUR);

        // Then
        assertEquals("{\"output\":\"ab\"}", data(outrun.log(run).getLast()));
    }

    @Test
    void waitForASignal_thatIsResumedWithoutIt_waitsOn() {
        // Given
        open((run, input) -> run.awaitSignal("word", JsonText.class));
        RunId run = start();
        outrun.settle();

        // When
        outrun.ledger().resume(run);
        outrun.settle();

        // Then
        assertEquals(RunStatus.SUSPENDED, outrun.status(run));
        outrun.signal(run, "word", "{\"n\":[1.50]}");
        outrun.settle();
        assertEquals(RunStatus.COMPLETED, outrun.status(run));
    }

    @Test
    void signalOfAnotherType_failsTheRunAtOnce() {
        // Given
        open((run, input) -> run.awaitSignal("word", Integer.class));
        RunId run = start();
        outrun.settle();

        // When
        outrun.signal(run, "word", "{\"n\":1}");
        outrun.settle();

        // Then
        assertEquals(RunStatus.FAILED, outrun.status(run));
    }

    @Test
    void signalThatDoesNotComeInTime_isNotThere_forAnyLaterAttempt() {
        // Given
        open((run, input) -> {
            Optional<String> word = run.awaitSignal("word", String.class, HOUR);
            run.sleep(HOUR);
            failUntil(run, 5);
            return word.orElse("none") + run.awaitSignal("word", String.class);
        });
        RunId run = start();
        outrun.advance(HOUR.plusMinutes(1));

        // When
        outrun.signal(run, "word", "\"late\"");
        outrun.advance(HOUR.multipliedBy(2));

        // Then
        assertEquals("{\"output\":\"nonelate\"}", data(outrun.log(run).getLast()));
    }

    @Test
    void signalThatComesInTime_isThere_forEveryLaterAttempt() {
        // Given
        open((run, input) -> {
            Optional<String> word = run.awaitSignal("word", String.class, HOUR);
            failUntil(run, 4);
            return word.orElse("none");
        });
        RunId run = start();
        outrun.advance(HOUR.minusMinutes(1));

        // When
        outrun.signal(run, "word", "\"now\"");
        outrun.advance(HOUR.multipliedBy(2));

        // Then
        assertEquals("{\"output\":\"now\"}", data(outrun.log(run).getLast()));
    }

    @Test
    void timedWait_thatIsResumed_waitsForItsRest() {
        // Given
        open((run, input) -> run.awaitSignal("word", String.class, HOUR).orElse("none"));
        RunId run = start();
        outrun.advance(Duration.ofMinutes(30));

        // When
        outrun.ledger().resume(run);
        outrun.advance(Duration.ofMinutes(29));

        // Then
        assertEquals(RunStatus.SUSPENDED, outrun.status(run));
        outrun.advance(Duration.ofMinutes(2));
        assertEquals("{\"output\":\"none\"}", data(outrun.log(run).getLast()));
    }

    @Test
    void engineThatDiesWhileARunSleeps_wakesIt() {
        // Given
        open((run, input) -> {
            run.sleep(HOUR);
            return "awake";
        });
        RunId run = start();
        outrun.settle();

        // When
        outrun.crash(Part.ENGINE);
        outrun.advance(HOUR.plusMinutes(1));

        // Then
        assertEquals(RunStatus.COMPLETED, outrun.status(run));
    }

    @Test
    void sleepingRun_isCancelledAtOnce() {
        // Given
        open((run, input) -> {
            run.sleep(HOUR);
            return step(run, "after", 1);
        });
        RunId run = start();
        outrun.settle();

        // When
        outrun.cancel(run);
        outrun.advance(HOUR.multipliedBy(2));

        // Then
        assertEquals(RunStatus.CANCELLED, outrun.status(run));
        assertEquals(List.of(), done);
    }

    @Test
    void handlerThatDoesNotLetItselfBeStopped_writesNothingMore() {
        // Given
        open((run, input) -> {
            try {
                run.sleep(HOUR);
            } catch (RuntimeException e) {
                assertThrows(RuntimeException.class, () -> run.emit("still.here", 1));
            }
            return "went on";
        });

        // When
        RunId run = start();
        outrun.settle();

        // Then
        assertEquals(RunStatus.SUSPENDED, outrun.status(run));
        outrun.advance(HOUR.plusMinutes(1));
        assertEquals(0, count(run, "still.here"));
        assertEquals("{\"output\":\"went on\"}", data(outrun.log(run).getLast()));
    }
}
