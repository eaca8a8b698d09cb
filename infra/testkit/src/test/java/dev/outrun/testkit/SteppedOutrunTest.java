package dev.outrun.testkit;

import static dev.outrun.testkit.SteppedStage.WELL;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.ledger.StartRun;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The whole path in one thread: what moves it, and what it refuses. */
final class SteppedOutrunTest {

    private final SteppedStage stage = new SteppedStage();

    @AfterEach
    void close() {
        stage.close();
    }

    @Test
    void run_settled_hasItsLogAndItsFrames() {
        // When
        RunId run = stage.outrun.start("greet", "1");
        stage.outrun.settle();

        // Then
        assertEquals(RunStatus.COMPLETED, stage.outrun.status(run));
        assertEquals(WELL, stage.outrun.types(run));
        assertEquals(
                "id: 2\nevent: greeting\ndata: "
                        + new String(stage.outrun.log(run).get(2).envelope(), UTF_8)
                        + "\n\n",
                stage.outrun.frames(run).get(2));
        assertEquals(4, stage.outrun.frames(run).size());
    }

    @Test
    void step_saysWhichPartHasMoved() {
        // Given
        RunId run = stage.outrun.start("greet", "1");

        // When
        List<Part> moved =
                Stream.generate(stage.outrun::step)
                        .takeWhile(Optional::isPresent)
                        .flatMap(Optional::stream)
                        .toList();

        // Then: each event goes its way before the next
        assertEquals(
                List.of(Part.CONNECTOR, Part.ENGINE, Part.WORKER, Part.CONNECTOR),
                moved.subList(0, 4));
        assertEquals(WELL, stage.outrun.types(run));
    }

    @Test
    void retries_comeAfterTheirVirtualDelays() {
        // When
        RunId run = stage.outrun.start("flaky", "null");
        stage.outrun.settle();
        assertEquals(RunStatus.RETRYING, stage.outrun.status(run));
        stage.outrun.advance(Duration.ofMinutes(1));

        // Then: half a second and a second apart, within a timer's grain
        List<Instant> starts = stage.times(run, EventTypes.ATTEMPT_STARTED);
        assertEquals(3, starts.size());
        assertApart(Duration.ofMillis(500), starts.get(0), starts.get(1));
        assertApart(Duration.ofSeconds(1), starts.get(1), starts.get(2));
        assertEquals(RunStatus.COMPLETED, stage.outrun.status(run));
        assertEquals(Instant.parse("2026-01-01T00:01:00Z"), stage.outrun.now());
    }

    @Test
    void cancel_ofAWaitingRun_endsItAtOnce() {
        // Given
        RunId run = stage.outrun.start(stage.later("greet", Duration.ofHours(1)));
        stage.outrun.settle();

        // When
        stage.outrun.cancel(run);
        stage.outrun.advance(Duration.ofHours(2));

        // Then
        assertEquals(
                List.of(EventTypes.REQUESTED, EventTypes.CANCEL_REQUESTED, EventTypes.CANCELLED),
                stage.outrun.types(run));
    }

    @Test
    void cancel_ofALiveAttempt_interruptsItsHandler() {
        // Given
        RunId run = stage.claimed("greet");

        // When
        stage.outrun.cancel(run);
        stage.outrun.settle();

        // Then
        assertEquals(List.of(), stage.made);
        assertEquals(EventTypes.CANCELLED, stage.outrun.types(run).getLast());
    }

    @Test
    void cancel_amidAHandler_letsItWriteNothingMore() {
        // When
        RunId run = stage.outrun.start("cancelsItself", "1");
        stage.outrun.settle();

        // Then
        assertEquals(
                List.of(
                        EventTypes.REQUESTED,
                        EventTypes.ATTEMPT_STARTED,
                        "begun",
                        EventTypes.CANCEL_REQUESTED,
                        EventTypes.CANCELLED),
                stage.outrun.types(run));
    }

    @Test
    void signal_ofASuspendedRun_letsItGoOn() {
        // Given
        RunId run = stage.outrun.start("ask", "null");
        stage.outrun.settle();
        assertEquals(RunStatus.SUSPENDED, stage.outrun.status(run));

        // When
        stage.outrun.signal(run, "answer", "42");
        stage.outrun.settle();

        // Then
        assertEquals("\"answered\"", stage.outrun.ledger().run(run).orElseThrow().output());
        assertEquals(2, stage.times(run, EventTypes.ATTEMPT_STARTED).size());
    }

    @Test
    void queue_ofOneAtATime_runsInOrder_whereverTimeGoes() {
        // Given
        stage.outrun.changeQueue("line", "{\"concurrency\":1}");
        RunId first = stage.outrun.start(StartRun.with("slow", "5000").queue("line").build());
        RunId second = stage.outrun.start(StartRun.with("slow", "5000").queue("line").build());

        // When
        stage.outrun.settle();

        // Then
        assertEquals(RunStatus.COMPLETED, stage.outrun.status(first));
        assertEquals(RunStatus.COMPLETED, stage.outrun.status(second));
        Instant firstEnd = stage.times(first, EventTypes.COMPLETED).getFirst();
        assertTrue(!stage.times(second, EventTypes.ATTEMPT_STARTED).getFirst().isBefore(firstEnd));
    }

    @Test
    void queues_ofAllShards_run() {
        // Given
        List<RunId> runs = new ArrayList<>();
        for (int queue = 0; queue < 20; queue++) {
            runs.add(stage.outrun.start(StartRun.with("greet", "1").queue("q" + queue).build()));
        }

        // When
        stage.outrun.settle();

        // Then
        assertEquals(
                4,
                runs.stream()
                        .map(run -> stage.outrun.ledger().run(run).orElseThrow().shard())
                        .distinct()
                        .count());
        runs.forEach(run -> assertEquals(WELL, stage.outrun.types(run)));
    }

    @Test
    void schedule_firesByTheVirtualClock() {
        // Given
        stage.outrun.putSchedule(
                "daily", "{\"cron\":\"0 9 * * *\",\"run\":{\"handler\":\"greet\",\"input\":7}}");

        // When
        stage.outrun.advance(Duration.ofDays(3));

        // Then
        assertEquals(List.of("7", "7", "7"), stage.made);
    }

    @Test
    void attempt_thatTakesTooLong_isTimedOut_andItsHandlerMayWriteNothingMore() {
        // When
        RunId run =
                stage.outrun.start(
                        StartRun.with("slow", "3000")
                                .attemptTimeoutMs(1_000L)
                                .retry("{\"max_attempts\":1}")
                                .build());
        stage.outrun.settle();

        // Then
        assertEquals(
                List.of(
                        EventTypes.REQUESTED,
                        EventTypes.ATTEMPT_STARTED,
                        "begun",
                        EventTypes.ATTEMPT_FAILED,
                        EventTypes.FAILED),
                stage.outrun.types(run));
        assertEquals(Duration.ofSeconds(3), elapsed());
    }

    @Test
    void handlerThatWaits_isInterrupted_andTheTestFailsClearly() {
        // Given
        stage.reopen(SteppedOutrun.with(stage.handlers()).handlerWaitMax(Duration.ofMillis(50)));
        stage.outrun.start("stuck", "1");

        // When / Then
        String said = refusal();
        assertTrue(said.startsWith("handler 'stuck' has not returned for PT0.05S"), said);
        assertTrue(said.contains("SteppedStage.stuck"), said);
    }

    @Test
    void handlerThatEmitsWithoutEnd_isRefused() {
        // Given
        stage.reopen(SteppedOutrun.with(stage.handlers()).handlerEventsMax(1_000));
        stage.outrun.start("chatter", "1");

        // When / Then
        String said = refusal();
        assertEquals("handler 'chatter' has emitted more than 1,000 events in one attempt", said);
    }

    @Test
    void runsWithoutEnd_areRefused() {
        // Given
        stage.reopen(SteppedOutrun.with(stage.handlers()).movesMax(500));
        stage.outrun.start("endless", "1");

        // When / Then
        String said = refusal();
        assertTrue(said.startsWith("not settled after 500 moves"), said);
        assertTrue(said.contains("WORKER made attempt 1"), said);
    }

    @Test
    void seeds_theSame_giveTheSameBytes() {
        // When
        String first = interleaved(7);
        String again = interleaved(7);
        String other = interleaved(8);

        // Then
        assertEquals(first, again);
        assertTrue(!first.equals(other));
    }

    /** All frames of some runs, of which some fail, under crashes. */
    private String interleaved(long seed) {
        stage.reopen(SteppedOutrun.with(stage.handlers()).seed(seed).interleaved());
        List<RunId> runs = new ArrayList<>();
        for (int each = 0; each < 12; each++) {
            String handler = each % 3 == 0 ? "flaky" : "greet";
            runs.add(stage.outrun.start(StartRun.with(handler, "1").queue("q" + each % 5).build()));
        }
        stage.outrun.settle();
        stage.outrun.crash(Part.ENGINE);
        stage.outrun.crash(Part.CONNECTOR);
        stage.outrun.advance(Duration.ofSeconds(10));
        StringBuilder frames = new StringBuilder();
        for (RunId run : runs) {
            assertEquals(RunStatus.COMPLETED, stage.outrun.status(run));
            stage.outrun.frames(run).forEach(frames::append);
        }
        return frames.toString();
    }

    private String refusal() {
        return String.valueOf(
                assertThrows(IllegalStateException.class, stage.outrun::settle).getMessage());
    }

    private Duration elapsed() {
        return Duration.between(Instant.parse("2026-01-01T00:00:00Z"), stage.outrun.now());
    }

    private static void assertApart(Duration wanted, Instant earlier, Instant later) {
        Duration apart = Duration.between(earlier, later);
        assertTrue(!apart.minus(wanted).isNegative(), apart::toString);
        assertTrue(apart.minus(wanted).compareTo(Duration.ofMillis(20)) < 0, apart::toString);
    }
}
