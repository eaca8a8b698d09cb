package dev.outrun.analytics;

import static dev.outrun.analytics.AnalyticsScenario.GRACE;
import static dev.outrun.analytics.AnalyticsScenario.SERIES;
import static dev.outrun.analytics.AnalyticsScenario.START;
import static dev.outrun.analytics.Said.key;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.analytics.WindowKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Events that come late, early or twice; and when a window is closed. */
final class WindowTimeTest {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration MINUTE = Duration.ofMinutes(1);

    @AutoClose private final AnalyticsScenario analytics = new AnalyticsScenario();

    @Test
    void event_thatComesLate_isCountedInItsOwnWindow() {
        // Given: a transaction that committed after everybody else's
        analytics.advance(GRACE);
        analytics.log("on time").requested();
        analytics.advance(SECOND);
        analytics.said();

        // When
        analytics.databaseClock(START.plusMillis(1));
        analytics.log("late").requested();
        analytics.advance(SECOND);

        // Then
        var said = analytics.said();
        assertEquals(Set.of(key(0, SERIES)), said.keys());
        assertEquals(1, said.in(0).requested());
    }

    @Test
    void event_thatComesAfterItsWindowWasClosed_isCountedNowhere() {
        // Given
        analytics.advance(GRACE.plus(MINUTE));
        analytics.log("on time").requested();
        analytics.advance(SECOND);
        analytics.said();

        // When
        analytics.databaseClock(START.plusMillis(1));
        var late = analytics.log("late").requested();
        analytics.databaseClock(START.plus(GRACE).plus(MINUTE));
        late.started();
        analytics.advance(SECOND);

        // Then
        var said = analytics.said();
        assertEquals(Set.of(key(6, SERIES)), said.keys());
        assertEquals(1, said.in(6).requested());
        assertEquals(1, said.in(6).started());
    }

    @Test
    void window_longerAgoThanTheGrace_isSaidAsClosedAndForgotten() {
        // Given
        analytics.log("a").requested();
        analytics.advance(SECOND);
        assertFalse(analytics.said().in(0).closed());

        // When / Then
        analytics.advance(GRACE.minus(SECOND));
        analytics.log("b").requested();
        assertEquals(2, analytics.stored(ShardAnalytics.WINDOWS_STORE));
        analytics.advance(MINUTE);
        analytics.said();
        analytics.log("c").requested();
        var said = analytics.said();
        assertEquals(Set.of(key(0, SERIES)), said.keys());
        assertTrue(said.in(0).closed());
        assertEquals(1, said.in(0).requested());
        assertEquals(2, analytics.stored(ShardAnalytics.WINDOWS_STORE));
    }

    @Test
    void windows_closeByTheTimeOfEvents_notByOurs() {
        // Given: analytics that is behind
        analytics.log("a").requested();
        analytics.advance(GRACE.multipliedBy(10));
        analytics.said();

        // When
        analytics.databaseClock(START.plus(SECOND));
        analytics.log("b").requested();
        analytics.advance(SECOND);

        // Then
        assertEquals(2, analytics.said().in(0).requested());
    }

    @Test
    void event_ofATimeThatHasNotCome_isCountedNowhereAndClosesNothing() {
        // Given
        analytics.log("a").requested();
        analytics.databaseClock(START.plus(Duration.ofDays(400)));

        // When
        var skewed = analytics.log("b").requested();
        analytics.databaseClock(START.plus(SECOND));
        skewed.started();
        analytics.advance(SECOND);

        // Then
        var said = analytics.said();
        assertEquals(Set.of(key(0, SERIES)), said.keys());
        assertEquals(1, said.in(0).requested());
        assertEquals(1, said.in(0).started());
        assertFalse(said.in(0).closed());
    }

    @Test
    void clock_thatIsALittleAhead_closesNothingEarly() {
        // Given
        analytics.log("a").requested();
        analytics.databaseClock(START.plus(GRACE).plus(MINUTE.multipliedBy(2)));
        analytics.log("b").requested();

        // When
        analytics.databaseClock(START.plus(SECOND));
        analytics.log("c").requested();
        analytics.advance(SECOND);

        // Then
        var said = analytics.said();
        assertEquals(2, said.in(0).requested());
        assertEquals(1, said.in(7).requested());
        assertFalse(said.in(0).closed());
    }

    @Test
    void events_thatComeTwice_areCountedOnce() {
        // Given
        var run = analytics.log("a").requested().started().write("token.delta", "1");

        // When
        run.replayFrom(0);
        run.write("token.delta", "2");
        run.replayFrom(2);
        analytics.advance(SECOND);

        // Then
        var window = analytics.said().in(0);
        assertEquals(4, window.events());
        assertEquals(run.bytes(), window.bytes());
        assertEquals(1, window.requested());
    }

    @Test
    void log_thatComesTwiceAfterItsEnd_isCountedOnce() {
        // Given
        var run = analytics.log("a").requested().started().completed();
        analytics.advance(SECOND);
        analytics.said();

        // When
        run.replayFrom(0);
        analytics.advance(SECOND);

        // Then
        assertEquals(Set.of(), analytics.said().keys());
    }

    @Test
    void run_thatHasEnded_isForgottenAfterAWhile() {
        // Given
        analytics.log("a").requested().completed();
        analytics.log("open").requested();
        assertEquals(2, analytics.stored(ShardAnalytics.RUNS_STORE));

        // When
        analytics.advance(Tracks.CLOSED_KEPT.plus(SECOND));
        analytics.log("b").requested().completed();

        // Then: the open one and the one that ended just now
        assertEquals(2, analytics.stored(ShardAnalytics.RUNS_STORE));
    }

    @Test
    void windows_beyondTheLimitOfAMinute_areNotMade() {
        // Given
        for (int i = 0; i < Windows.SERIES_MAX; i++) {
            analytics.log("a" + i, new Series("default", "q" + i, "echo")).requested();
        }

        // When
        analytics.log("b", new Series("default", "one-too-many", "echo")).requested();
        analytics.log("c", new Series("default", "q0", "echo")).requested();
        analytics.advance(SECOND);

        // Then
        var said = analytics.said();
        assertEquals(Windows.SERIES_MAX, said.keys().size());
        assertEquals(2, said.in(0, new Series("default", "q0", "echo")).requested());
    }

    @Test
    void windowKey_ofAnyInstant_startsAtItsMinute() {
        // Then
        assertEquals(
                Instant.parse("1969-12-31T23:59:00Z"),
                WindowKey.startOf(Instant.EPOCH.minusMillis(1), WindowKey.SIZE));
        assertEquals(START, WindowKey.startOf(START, WindowKey.SIZE));
        assertEquals(START, WindowKey.startOf(START.plusMillis(59_999), WindowKey.SIZE));
    }
}
