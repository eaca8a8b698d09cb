package dev.outrun.analytics;

import static dev.outrun.analytics.AnalyticsScenario.GRACE;
import static dev.outrun.analytics.AnalyticsScenario.SERIES;
import static dev.outrun.analytics.AnalyticsScenario.START;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.analytics.Window;
import dev.outrun.schema.analytics.WindowKey;
import dev.outrun.schema.analytics.WindowSum;
import dev.outrun.schema.event.Event;
import dev.outrun.streams.DeadLetters;
import dev.outrun.streams.MemoryStores;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.Test;

/** A node stops, and another goes on from what it has stored. */
final class AnalyticsTakeOverTest {

    private final KeyValueStore<String, RunTrack> runs =
            MemoryStores.open(ShardAnalytics.RUNS_STORE, new RunTrackSerde());
    private final KeyValueStore<String, WindowSum> windows =
            MemoryStores.open(ShardAnalytics.WINDOWS_STORE, new WindowSumSerde());
    private Instant now = START;
    private MockProcessorContext<WindowKey, Object> context = new MockProcessorContext<>();
    private AnalyticsProcessor processor = takeOver();

    @Test
    void windows_goOnWhereTheyWere() {
        // Given
        var run = log("a").requested().started();

        // When
        takeOver();
        now = now.plusSeconds(2);
        run.write("token.delta", "1").completed();
        secondGoesBy();

        // Then
        Window window = said().in(0);
        assertEquals(4, window.events());
        assertEquals(run.bytes(), window.bytes());
        assertEquals(2_000, window.durationMs().max());
        assertEquals(2_000, window.firstEventMs().max());
        assertEquals(1, window.queueWaitMs().count());
    }

    @Test
    void windows_areAllSaidAgain_becauseWhatWasSaidIsNotKnown() {
        // Given
        log("a").requested();
        now = now.plusSeconds(60);
        log("b").requested();

        // When
        takeOver();
        secondGoesBy();

        // Then
        assertEquals(2, said().keys().size());
    }

    @Test
    void events_readAgain_areSkipped() {
        // Given
        var open = log("a").requested().started().write("token.delta", "1");
        var ended = log("b").requested().completed();

        // When
        takeOver();
        open.replayFrom(0);
        ended.replayFrom(0);
        secondGoesBy();

        // Then
        assertEquals(5, said().in(0).events());
    }

    @Test
    void windows_thatRested_areAddedToAndClosed() {
        // Given
        log("a").requested();
        secondGoesBy();
        now = now.plus(GRACE);
        log("b").requested();
        secondGoesBy();
        takeOver();
        context.resetForwards();
        secondGoesBy();

        // When: a late event, and one that closes its window
        now = START.plusMillis(1);
        log("late").requested();
        now = START.plus(GRACE).plus(Duration.ofMinutes(1));
        log("c").requested();

        // Then
        Window window = said().in(0);
        assertEquals(2, window.requested());
        assertTrue(window.closed());
        secondGoesBy();
        assertFalse(said().in(6).closed());
    }

    private RunLog log(String name) {
        return new RunLog(name, SERIES, () -> now, this::process);
    }

    /** A new process with the same stores. */
    private AnalyticsProcessor takeOver() {
        context = new MockProcessorContext<>();
        context.addStateStore(runs);
        context.addStateStore(windows);
        context.setCurrentSystemTimeMs(now.toEpochMilli());
        processor =
                new AnalyticsProcessor(new AnalyticsSettings(GRACE), new DeadLetters("analytics"));
        processor.init(context);
        return processor;
    }

    private void process(Event event) {
        var record = RunLog.recordOf(event);
        context.setRecordMetadata("events", 0, event.seq());
        context.setCurrentSystemTimeMs(now.toEpochMilli());
        processor.process(
                new Record<>(
                        record.key(),
                        record.value(),
                        event.time().toEpochMilli(),
                        record.headers()));
    }

    private void secondGoesBy() {
        context.scheduledPunctuators()
                .forEach(each -> each.getPunctuator().punctuate(now.toEpochMilli()));
    }

    private Said said() {
        Map<WindowKey, Window> windows = new LinkedHashMap<>();
        context.forwarded()
                .forEach(each -> windows.put(each.record().key(), (Window) each.record().value()));
        return new Said(windows);
    }
}
