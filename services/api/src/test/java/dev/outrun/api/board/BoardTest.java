package dev.outrun.api.board;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.api.board.WindowQuery.By;
import dev.outrun.schema.analytics.Counter;
import dev.outrun.schema.analytics.Timing;
import dev.outrun.schema.analytics.Window;
import dev.outrun.schema.analytics.WindowKey;
import dev.outrun.schema.analytics.WindowSum;
import dev.outrun.schema.run.Tenant;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class BoardTest {

    private static final Instant START = Instant.parse("2026-01-02T03:00:00Z");
    private static final Duration HOUR = Duration.ofHours(1);

    private Instant now = START.plus(HOUR);
    private final Board board = new Board(new BoardConfig(HOUR, 6, 1), () -> now);

    @ParameterizedTest
    @CsvSource({
        "QUEUE_AND_HANDLER, PT1M, 5",
        "QUEUE, PT1M, 4",
        "HANDLER, PT1M, 3",
        "ALL, PT1M, 2",
        "QUEUE_AND_HANDLER, PT5M, 4",
        "ALL, PT1H, 1"
    })
    void windows_putTogether_haveAllThatTheirPartsHave(By by, Duration size, int windows) {
        // Given
        board.put(key(0, 0, "a", "echo"), window(1));
        board.put(key(1, 0, "a", "echo"), window(2));
        board.put(key(0, 0, "a", "chat"), window(4));
        board.put(key(0, 0, "b", "chat"), window(8));
        board.put(key(0, 1, "a", "echo"), window(16));
        board.put(key(0, 1, "b", "echo"), window(32));

        // When
        List<PlacedWindow> found = board.changedAfter(0, query(size, by, null, null));

        // Then
        assertEquals(windows, found.size());
        assertEquals(63, found.stream().mapToLong(each -> each.window().events()).sum());
        assertEquals(6, found.stream().mapToLong(each -> each.window().durationMs().count()).sum());
        assertEquals(32, found.stream().mapToDouble(BoardTest::longest).max().orElseThrow());
        for (PlacedWindow each : found) {
            assertEquals(each.start().plus(size), each.end());
            if (by == By.ALL) {
                assertNull(each.queue());
                assertNull(each.handler());
            }
        }
    }

    @Test
    void window_saidAgain_takesThePlaceOfWhatItWas() {
        // Given
        board.put(key(0, 0, "a", "echo"), window(1));

        // When
        board.put(key(0, 0, "a", "echo"), window(5));

        // Then
        assertEquals(1, board.size());
        assertEquals(5, one(query(WindowKey.SIZE, By.ALL, null, null)).window().events());
    }

    @Test
    void windows_ofOthers_areLeftOut() {
        // Given
        board.put(key(0, 0, "a", "echo"), window(1));
        board.put(key(0, 0, "b", "echo"), window(2));
        board.put(key(0, 0, "a", "chat"), window(4));
        board.put(new WindowKey(0, START, "acme", "a", "echo"), window(8));

        // When / Then
        assertEquals(5, one(query(HOUR, By.ALL, "a", null)).window().events());
        assertEquals(3, one(query(HOUR, By.ALL, null, "echo")).window().events());
        assertEquals(1, one(query(HOUR, By.ALL, "a", "echo")).window().events());
        assertEquals(List.of(), board.changedAfter(0, query(HOUR, By.ALL, "c", null)));
    }

    @Test
    void windows_outsideOfTheTimeAskedFor_areLeftOut() {
        // Given
        for (int minute = 0; minute < 5; minute++) {
            board.put(key(0, minute, "a", "echo"), window(1));
        }

        // When
        List<PlacedWindow> found =
                board.changedAfter(
                        0,
                        new WindowQuery(
                                Tenant.DEFAULT,
                                START.plusSeconds(60),
                                START.plusSeconds(180),
                                null,
                                null,
                                WindowKey.SIZE,
                                By.ALL));

        // Then
        assertEquals(
                List.of(START.plusSeconds(60), START.plusSeconds(120)),
                found.stream().map(PlacedWindow::start).toList());
    }

    @Test
    void windows_thatHaveNotChanged_areNotToldAgain() {
        // Given
        WindowQuery hours = query(HOUR, By.QUEUE, null, null);
        board.put(key(0, 0, "a", "echo"), window(1));
        board.put(key(0, 1, "b", "echo"), window(2));
        long seen = board.lastChange();
        assertEquals(List.of(), board.changedAfter(seen, hours));

        // When
        board.put(key(0, 2, "b", "echo"), window(4));

        // Then
        List<PlacedWindow> changed = board.changedAfter(seen, hours);
        assertEquals(List.of("b"), changed.stream().map(PlacedWindow::queue).toList());
        assertEquals(6, changed.getFirst().window().events());
    }

    @Test
    void windows_beyondRetentionOrLimit_areForgotten() {
        // Given
        board.put(key(0, 0, "a", "echo"), window(1));

        // When / Then: time goes by
        now = now.plus(Duration.ofMinutes(2));
        board.put(key(0, 1, "a", "echo"), window(1));
        board.put(key(0, 2, "a", "echo"), window(1));
        assertEquals(1, board.size());

        // When / Then: there are too many
        for (int i = 0; i < 6; i++) {
            board.put(key(0, 3, "a" + i, "echo"), window(1));
        }
        assertEquals(6, board.size());
        assertEquals(
                START.plusSeconds(180), one(query(WindowKey.SIZE, By.ALL, null, null)).start());
    }

    @Test
    void changes_areWaitedForUntilItIsClosed() throws InterruptedException {
        // Given
        assertFalse(board.awaitChangeAfter(0, Duration.ofMillis(1)));

        // When / Then
        Thread puts = Thread.ofVirtual().start(() -> board.put(key(0, 0, "a", "b"), window(1)));
        assertTrue(board.awaitChangeAfter(0, HOUR));
        puts.join();
        Thread closes = Thread.ofVirtual().start(board::close);
        assertFalse(board.awaitChangeAfter(1, HOUR));
        assertTrue(board.isClosed());
        closes.join();
    }

    private PlacedWindow one(WindowQuery query) {
        List<PlacedWindow> found = board.changedAfter(0, query);
        assertEquals(1, found.size());
        return found.getFirst();
    }

    private static double longest(PlacedWindow window) {
        Double max = window.window().durationMs().max();
        return max == null ? 0 : max;
    }

    private static WindowQuery query(
            Duration size, By by, @Nullable String queue, @Nullable String handler) {
        return new WindowQuery(Tenant.DEFAULT, START, null, queue, handler, size, by);
    }

    private static WindowKey key(int shard, int minute, String queue, String handler) {
        Instant start = START.plus(Duration.ofMinutes(minute));
        return new WindowKey(shard, start, "default", queue, handler);
    }

    /** So many events, and a run that took so many milliseconds. */
    private static Window window(int events) {
        WindowSum sum = new WindowSum();
        sum.count(Counter.EVENTS, events);
        sum.time(Timing.DURATION, Duration.ofMillis(events));
        return sum.window(false);
    }
}
