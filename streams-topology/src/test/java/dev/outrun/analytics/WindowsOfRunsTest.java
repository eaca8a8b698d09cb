package dev.outrun.analytics;

import static dev.outrun.analytics.AnalyticsScenario.SERIES;
import static dev.outrun.analytics.AnalyticsScenario.START;
import static dev.outrun.analytics.Said.key;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.schema.analytics.Distribution;
import dev.outrun.schema.analytics.Sketch;
import dev.outrun.schema.analytics.Window;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is counted and measured, and where. */
final class WindowsOfRunsTest {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration MINUTE = Duration.ofMinutes(1);

    @AutoClose private final AnalyticsScenario analytics = new AnalyticsScenario();

    @Test
    void run_thatCompletes_isCountedAndMeasured() {
        // Given
        var run = analytics.log("a").requested();
        analytics.advance(SECOND);
        run.started();
        analytics.advance(SECOND.multipliedBy(2));
        run.write("token.delta", "\"a\"").write("token.delta", "\"b\"");

        // When
        analytics.advance(SECOND);
        run.completed();
        analytics.advance(SECOND);

        // Then
        Window window = analytics.said().in(0);
        assertEquals(1, window.requested());
        assertEquals(1, window.started());
        assertEquals(1, window.completed());
        assertEquals(0, window.failed() + window.cancelled() + window.retried());
        assertEquals(5, window.events());
        assertEquals(run.bytes(), window.bytes());
        assertMeasured(window.queueWaitMs(), 1, 1_000);
        assertMeasured(window.firstEventMs(), 1, 2_000);
        assertMeasured(window.durationMs(), 1, 4_000);
    }

    @Test
    void event_isCountedInTheMinuteItWasWrittenIn() {
        // Given
        var run = analytics.log("a").requested();
        analytics.advance(MINUTE);
        run.started();
        analytics.advance(MINUTE.multipliedBy(2));

        // When
        run.completed();
        analytics.advance(SECOND);

        // Then
        Said said = analytics.said();
        assertEquals(Set.of(key(0, SERIES), key(1, SERIES), key(3, SERIES)), said.keys());
        assertEquals(1, said.in(0).requested());
        assertEquals(0, said.in(0).started());
        assertMeasured(said.in(1).queueWaitMs(), 1, 60_000);
        assertMeasured(said.in(3).durationMs(), 1, 180_000);
    }

    @ParameterizedTest
    @CsvSource({"run.failed, 0, 1, 0", "run.cancelled, 0, 0, 1", "run.completed, 1, 0, 0"})
    void run_thatEnds_isCountedByHowItEnds(String type, int completed, int failed, int cancelled) {
        // Given
        var run = analytics.log("a").requested();
        analytics.advance(SECOND);

        // When
        run.write(type, "{}");
        analytics.advance(SECOND);

        // Then
        Window window = analytics.said().in(0);
        assertEquals(completed, window.completed());
        assertEquals(failed, window.failed());
        assertEquals(cancelled, window.cancelled());
        assertMeasured(window.durationMs(), 1, 1_000);
    }

    @Test
    void retry_waitsFromWhenItIsDue_andEachAttemptHasItsFirstEvent() {
        // Given
        var run = analytics.log("a").requested().started().write("token.delta", "1").failed();
        run.retryScheduled(START.plusSeconds(10));

        // When
        analytics.advance(SECOND.multipliedBy(13));
        run.started();
        analytics.advance(SECOND);
        run.write("token.delta", "2").write("token.delta", "3");
        analytics.advance(SECOND);

        // Then
        Window window = analytics.said().in(0);
        assertEquals(2, window.started());
        assertEquals(1, window.retried());
        assertMeasured(window.queueWaitMs(), 2, 3_000);
        assertMeasured(window.firstEventMs(), 2, 1_000);
        assertMeasured(window.durationMs(), 0, 0);
    }

    @Test
    void delayedRun_waitsFromWhenItIsToRun() {
        // Given
        var run = analytics.log("a").requestedFor(START.plusSeconds(20));

        // When
        analytics.advance(SECOND.multipliedBy(21));
        run.started();
        analytics.advance(SECOND);

        // Then
        assertMeasured(analytics.said().in(0).queueWaitMs(), 1, 1_000);
    }

    @Test
    void attempt_thatStartsBeforeItsTimeByAnotherClock_hasNotWaited() {
        // Given
        var run = analytics.log("a").requestedFor(START.plusSeconds(20));

        // When
        run.started();
        analytics.advance(SECOND);

        // Then
        assertMeasured(analytics.said().in(0).queueWaitMs(), 1, 0);
    }

    @Test
    void eventsOutsideOfAnAttempt_areNotItsFirst() {
        // Given
        var run = analytics.log("a").requested().write("note", "1").started();

        // When
        analytics.advance(SECOND);
        run.write("run.cancel.requested", "{}");
        analytics.advance(SECOND);

        // Then
        Window window = analytics.said().in(0);
        assertEquals(4, window.events());
        assertMeasured(window.firstEventMs(), 0, 0);
    }

    @Test
    void data_ofUsers_isNeverRead() {
        // Given
        var run = analytics.log("a").requested();

        // When
        run.write("token.delta", "{\"not\": json");
        analytics.advance(SECOND);

        // Then
        assertEquals(run.bytes(), analytics.said().in(0).bytes());
    }

    @Test
    void runs_ofOtherQueuesHandlersAndTenants_areCountedApart() {
        // Given
        var series =
                Set.of(
                        SERIES,
                        new Series("default", "other", "echo"),
                        new Series("default", "default", "chat-demo"),
                        new Series("acme", "default", "echo"));

        // When
        series.forEach(each -> analytics.log(each.toString(), each).requested());
        analytics.advance(SECOND);

        // Then
        var said = analytics.said();
        assertEquals(series.size(), said.keys().size());
        series.forEach(each -> assertEquals(1, said.in(0, each).requested()));
    }

    @Test
    void window_isSaidOnceASecond_andOnlyWhereItHasChanged() {
        // Given
        var run = analytics.log("a").requested();
        run.write("token.delta", "1").write("token.delta", "2");
        assertEquals(Set.of(), analytics.said().keys());

        // When / Then
        analytics.advance(SECOND);
        assertEquals(3, analytics.said().in(0).events());
        analytics.advance(SECOND.multipliedBy(10));
        assertEquals(Set.of(), analytics.said().keys());
        run.write("token.delta", "3");
        analytics.advance(SECOND);
        assertEquals(4, analytics.said().in(0).events());
    }

    /** So many, the largest of which took so long. */
    private static void assertMeasured(Distribution distribution, long count, double maxMs) {
        assertEquals(count, distribution.count());
        if (count > 0) {
            assertEquals(maxMs, Objects.requireNonNull(distribution.max()));
            assertEquals(
                    maxMs,
                    Sketch.decode(Objects.requireNonNull(distribution.sketch()), maxMs).quantile(1),
                    maxMs * Sketch.RELATIVE_ERROR);
        }
    }
}
