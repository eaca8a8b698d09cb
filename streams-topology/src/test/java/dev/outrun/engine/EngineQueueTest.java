package dev.outrun.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.engine.run.Patience;
import dev.outrun.engine.run.TestLog;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Who is next in a queue, and how many at a time. */
final class EngineQueueTest {

    private static final String ONE_AT_A_TIME = "\"concurrency\":1";
    private static final Duration TIMER_GRAIN = Duration.ofMillis(10);

    @AutoClose
    private final EngineScenario engine =
            new EngineScenario(new EngineSettings(Patience.DEFAULT, Duration.ofSeconds(10), 2));

    private final TestLog a = log("a");
    private final TestLog b = log("b");
    private final TestLog c = log("c");

    @Test
    void queue_ofOneAtATime_goesInTheOrderOfRequests() {
        // Given
        engine.queueKeepsTo("q", ONE_AT_A_TIME);

        // When / Then
        requested(a, b, c);
        assertEquals(ids(a), engine.dispatched());
        a.started("w@1");
        assertEquals(ids(), engine.dispatched());
        a.completed();
        assertEquals(ids(b), engine.dispatched());
        b.started("w@1");
        b.completed();
        assertEquals(ids(c), engine.dispatched());
    }

    @Test
    void queue_lastInFirstOut_goesBackwards() {
        // Given
        engine.queueKeepsTo("q", ONE_AT_A_TIME);
        requested(a, b, c);
        engine.hush();

        // When
        engine.queueKeepsTo("q", "\"concurrency\":2,\"order\":\"lifo\"");

        // Then
        assertEquals(ids(c), engine.dispatched());
    }

    @Test
    void greatestPriority_goesFirst_andThenWhoWasFirst() {
        // Given
        engine.queueKeepsTo("q", "\"mode\":\"paused\"");
        a.requestedWithPriority(-1);
        b.requestedWithPriority(7);
        engine.advance(Duration.ofSeconds(1));
        c.requestedWithPriority(7);

        // When
        engine.queueKeepsTo("q", "\"concurrency\":2");

        // Then
        assertEquals(ids(b, c), engine.dispatched());
    }

    @Test
    void attempt_thatFails_makesRoom_andItsRetryWaitsForItsTurn() {
        // Given
        engine.queueKeepsTo("q", ONE_AT_A_TIME);
        requested(a, b);
        a.started("w@1");
        engine.hush();

        // When / Then
        a.failed();
        assertEquals(ids(b), engine.dispatched());
        a.retryScheduled(engine.instant());
        assertEquals(ids(), engine.dispatched());
        b.started("w@1");
        b.completed();
        assertEquals(List.of(a.task(2)), engine.tasks());
    }

    @Test
    void attempt_thatIsLost_holdsItsPlaceUntilTheLossIsRecorded() {
        // Given
        engine.queueKeepsTo("q", ONE_AT_A_TIME);
        requested(a, b);
        a.started("w@1");
        engine.hush();

        // When / Then
        engine.leaving("w", 1);
        assertEquals(ids(), engine.dispatched());
        a.lost();
        assertEquals(ids(b), engine.dispatched());
    }

    @Test
    void run_cancelledWhileItWaits_leavesTheQueue() {
        // Given
        engine.queueKeepsTo("q", ONE_AT_A_TIME);
        requested(a, b, c);
        engine.hush();

        // When
        b.cancelRequested();
        b.cancelled();
        a.started("w@1");
        a.completed();

        // Then
        assertEquals(ids(c), engine.dispatched());
    }

    @Test
    void key_atItsLimit_isPassedOverByOthers() {
        // Given
        TestLog other = log("d");
        engine.queueKeepsTo("q", "\"concurrency\":2,\"concurrency_per_key\":1");

        // When / Then
        a.requestedWithKey("k");
        b.requestedWithKey("k");
        c.requestedWithKey("k");
        other.requestedWithKey("l");
        assertEquals(ids(a, other), engine.dispatched());
        other.started("w@1");
        other.completed();
        assertEquals(ids(), engine.dispatched());
        a.started("w@1");
        a.completed();
        assertEquals(ids(b), engine.dispatched());
    }

    @Test
    void rate_isNeverExceeded_andUsedUpAsSoonAsItMayBe() {
        // Given
        TestLog fourth = log("d");
        engine.queueKeepsTo("q", "\"rate\":{\"limit\":2,\"per_ms\":10000}");

        // When / Then: two tasks out may start at any moment
        requested(a, b, c, fourth);
        assertEquals(ids(a, b), engine.dispatched());
        a.started("w@1");
        a.completed();
        engine.advance(Duration.ofSeconds(4));
        b.started("w@1");
        engine.advance(Duration.ofSeconds(6).minusMillis(1));
        assertEquals(ids(), engine.dispatched());
        engine.advance(TIMER_GRAIN);
        assertEquals(ids(c), engine.dispatched());
        c.started("w@1");
        engine.advance(Duration.ofSeconds(4).minus(TIMER_GRAIN).minusMillis(1));
        assertEquals(ids(), engine.dispatched());
        engine.advance(TIMER_GRAIN);
        assertEquals(ids(fourth), engine.dispatched());
    }

    @Test
    void queue_paused_startsNobody_andResumedSendsLostTasksAgain() {
        // Given
        requested(a);
        engine.hush();

        // When / Then
        engine.queueKeepsTo("q", "\"mode\":\"paused\"");
        requested(b);
        assertEquals(ids(), engine.dispatched());
        engine.queueKeepsTo("q", "");
        assertEquals(ids(a, b), engine.dispatched());
    }

    @Test
    void queue_draining_finishesWhatHasBegun() {
        // Given
        engine.queueKeepsTo("q", ONE_AT_A_TIME);
        requested(a, b);
        a.started("w@1");
        engine.hush();

        // When / Then
        engine.queueKeepsTo("q", ONE_AT_A_TIME + ",\"mode\":\"draining\"");
        a.failed();
        a.retryScheduled(engine.instant());
        assertEquals(List.of(a.task(2)), engine.tasks());
        a.started("w@1");
        a.completed();
        assertEquals(ids(), engine.dispatched());
        engine.queueKeepsTo("q", "");
        assertEquals(ids(b), engine.dispatched());
    }

    @Test
    void limit_lifted_letsThoseGoWhoWait_andLoweredStopsNobody() {
        // Given
        engine.queueKeepsTo("q", ONE_AT_A_TIME);
        requested(a, b, c);
        engine.hush();

        // When / Then
        engine.queueKeepsTo("q", "\"concurrency\":2");
        assertEquals(ids(b), engine.dispatched());
        engine.queueKeepsTo("q", ONE_AT_A_TIME);
        a.started("w@1");
        a.completed();
        assertEquals(ids(), engine.dispatched());
        b.started("w@1");
        b.completed();
        assertEquals(ids(c), engine.dispatched());
    }

    @Test
    void handler_withoutWorkers_holdsUpNoOther() {
        // Given: two tasks of one handler may be out
        TestLog fourth = log("d");

        // When / Then
        a.requestedBy("nobody");
        b.requestedBy("nobody");
        c.requestedBy("nobody");
        assertEquals(ids(a, b), engine.dispatched());
        fourth.requested();
        assertEquals(ids(fourth), engine.dispatched());
        a.started("w@1");
        assertEquals(ids(c), engine.dispatched());
    }

    @Test
    void handler_withoutWorkers_holdsUpNoOthersOfAKeyThatHasRoom() {
        // Given: as many tasks of one handler are out as may be
        TestLog fourth = log("d");
        engine.queueKeepsTo("q", "\"concurrency_per_key\":1");
        a.requestedBy("nobody");
        b.requestedBy("nobody");
        engine.hush();

        // When / Then
        c.requestedByWithKey("nobody", "k");
        assertEquals(ids(), engine.dispatched());
        fourth.requestedWithKey("k");
        assertEquals(ids(fourth), engine.dispatched());
        a.started("w@1");
        assertEquals(ids(), engine.dispatched());
        fourth.started("w@1");
        fourth.completed();
        assertEquals(ids(c), engine.dispatched());
    }

    @Test
    void queues_areTheirOwn() {
        // Given
        TestLog elsewhere = engine.log("d").inQueue("other");
        engine.queueKeepsTo("q", "\"mode\":\"paused\"");

        // When
        requested(a, elsewhere);

        // Then
        assertEquals(ids(elsewhere), engine.dispatched());
    }

    @Test
    void settings_thatAreNone_areSkipped_andTheQueueGoesOn() {
        // Given
        engine.queueKeepsTo("q", ONE_AT_A_TIME);

        // When
        engine.queueKeepsTo("q", "\"mode\":\"sideways\"");
        requested(a, b);

        // Then
        assertEquals(ids(a), engine.dispatched());
    }

    private TestLog log(String name) {
        return engine.log(name).inQueue("q");
    }

    /** Each a moment after the one before. */
    private void requested(TestLog... runs) {
        for (TestLog run : runs) {
            run.requested();
            engine.advance(Duration.ofMillis(1));
        }
    }

    private static List<String> ids(TestLog... runs) {
        return Stream.of(runs).map(run -> run.run().toString()).toList();
    }
}
