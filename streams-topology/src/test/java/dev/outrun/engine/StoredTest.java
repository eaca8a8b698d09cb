package dev.outrun.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.engine.queue.Starts;
import dev.outrun.engine.run.OpenRun;
import dev.outrun.engine.run.RunFacts;
import dev.outrun.engine.run.RunState;
import dev.outrun.engine.schedule.Schedule;
import dev.outrun.schema.event.PlatformEvent;
import dev.outrun.schema.event.RetryPolicy;
import dev.outrun.schema.queue.QueueSettings;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.schedule.ScheduleSettings;
import dev.outrun.schema.work.Decision;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class StoredTest {

    private static final RunId RUN = new RunId(new UUID(1, 2));
    private static final Instant AT = Instant.parse("2026-01-02T03:04:05.678901Z");

    private final Stored<OpenRun> serde = Stored.RUNS;

    @ParameterizedTest
    @MethodSource("states")
    void run_inAnyState_comesBackAsItWas(RunState state) {
        // Given
        OpenRun run = runIn(state);

        // When
        byte[] stored = serde.serializer().serialize("runs", run);

        // Then
        assertEquals(run, serde.deserializer().deserialize("runs", stored));
    }

    @Test
    void states_ofTheTest_areAll() {
        // Then: a new state has to be added to the round trip
        var tested = states().map(Object::getClass).distinct().count();
        assertEquals(
                tested,
                Stream.of(RunState.Claimable.class, RunState.Live.class)
                        .mapToInt(kind -> kind.getPermittedSubclasses().length)
                        .sum());
    }

    @Test
    void run_storedInFormat1_isStillRead() {
        // Given: what the first release wrote
        String json =
                "{\"facts\":{\"run\":\"00000000-0000-0001-0000-000000000002\",\"tenant\":\"t\","
                        + "\"queue\":\"q\",\"handler\":\"h\",\"retry\":{\"max_attempts\":3,"
                        + "\"backoff\":\"exponential\",\"delay_ms\":500,\"max_delay_ms\":3600000},"
                        + "\"status\":\"RETRYING\",\"attempt\":2,\"failures\":1,\"lost\":1,"
                        + "\"cancel_requested\":true,\"seq\":7,"
                        + "\"time\":\"2026-01-02T03:04:05.678901Z\"},"
                        + "\"state\":{\"state\":\"deciding\",\"what\":{\"decision\":\"fail\","
                        + "\"run\":\"00000000-0000-0001-0000-000000000002\",\"attempt\":2},"
                        + "\"due\":\"2026-01-02T03:04:05.678901Z\"}}";

        // When
        var read = serde.deserializer().deserialize("runs", ("\u0001" + json).getBytes(UTF_8));

        // Then
        assertEquals(
                new OpenRun(
                        facts(
                                new PlatformEvent.Requested(
                                        "h",
                                        "q",
                                        "t",
                                        null,
                                        RetryPolicy.DEFAULT,
                                        0,
                                        null,
                                        null,
                                        null,
                                        null),
                                AT,
                                null),
                        new RunState.Deciding(new Decision.Fail(RUN.toString(), 2), AT)),
                read);
    }

    @Test
    void run_storedInThisFormat_isStillRead() {
        // Given: what this release writes
        String json =
                "{\"facts\":{\"run\":\"00000000-0000-0001-0000-000000000002\",\"request\":{"
                        + "\"handler\":\"h\",\"queue\":\"q\",\"tenant\":\"t\","
                        + "\"retry\":{\"max_attempts\":3,"
                        + "\"backoff\":\"exponential\",\"delay_ms\":500,\"max_delay_ms\":3600000,"
                        + "\"delays_ms\":[],\"jitter\":0.0,\"non_retryable\":[]},"
                        + "\"priority\":5,\"concurrency_key\":\"k\","
                        + "\"wait_for\":\"any\",\"timeout_ms\":60000,\"attempt_timeout_ms\":1000},"
                        + "\"status\":\"RETRYING\",\"attempt\":2,\"failures\":1,\"lost\":1,"
                        + "\"cancel_requested\":true,\"has_children\":false,"
                        + "\"begun_at\":\"2026-01-02T03:04:05.678901Z\","
                        + "\"attempt_at\":\"2026-01-02T03:04:05.678901Z\",\"seq\":7,"
                        + "\"time\":\"2026-01-02T03:04:05.678901Z\"},"
                        + "\"state\":{\"state\":\"queued\",\"attempt\":3,"
                        + "\"since\":\"2026-01-02T03:04:05.678901Z\"}}";

        // When
        var read = serde.deserializer().deserialize("runs", ("\u0002" + json).getBytes(UTF_8));

        // Then
        var expected = runIn(new RunState.Queued(3, AT));
        assertEquals(expected, read);
        assertEquals(json, json(serde.serializer().serialize("runs", expected)));
    }

    @Test
    void queue_storedInThisFormat_isStillRead() {
        // Given: what this release writes
        String json =
                "{\"log\":\"00000000-0000-0001-0000-000000000002\",\"seq\":3,\"settings\":{"
                        + "\"queue\":\"q\",\"mode\":\"draining\",\"order\":\"lifo\",\"width\":2,"
                        + "\"concurrency\":5,\"concurrency_per_key\":1,"
                        + "\"rate\":{\"limit\":10,\"per_ms\":1000},\"run_topics\":\"none\"},"
                        + "\"starts\":[{"
                        + "\"first\":\"2026-01-02T03:04:05.678901Z\","
                        + "\"last\":\"2026-01-02T03:04:05.678901Z\",\"count\":1}]}";

        // When
        var read =
                Stored.QUEUES
                        .deserializer()
                        .deserialize("queues", ("\u0001" + json).getBytes(UTF_8));

        // Then
        var expected =
                new StoredQueue(
                        RUN,
                        3,
                        new QueueSettings(
                                "q",
                                QueueSettings.Mode.DRAINING,
                                QueueSettings.Order.LIFO,
                                2,
                                5,
                                1,
                                new QueueSettings.Rate(10, 1_000),
                                QueueSettings.RunTopics.NONE),
                        List.of(new Starts.Group(AT, AT, 1)));
        assertEquals(expected, read);
        assertEquals(json, json(Stored.QUEUES.serializer().serialize("queues", expected)));
    }

    @Test
    void schedule_storedInThisFormat_isStillRead() {
        // Given: what this release writes
        String json =
                "{\"log\":\"00000000-0000-0001-0000-000000000002\",\"seq\":3,\"changed\":1,\"settings\":{"
                        + "\"tenant\":\"t\",\"schedule\":\"s\",\"cron\":\"0 2 * * *\","
                        + "\"time_zone\":\"UTC\",\"ends_at\":\"2026-01-02T03:04:05.678901Z\","
                        + "\"catch_up\":\"all\",\"paused\":false,"
                        + "\"after\":\"2026-01-02T03:04:05.678901Z\"},"
                        + "\"after\":\"2026-01-02T03:04:05.678901Z\"}";

        // When
        var read =
                Stored.SCHEDULES
                        .deserializer()
                        .deserialize("schedules", ("\u0001" + json).getBytes(UTF_8));

        // Then
        var settings =
                new ScheduleSettings(
                        "t",
                        "s",
                        "0 2 * * *",
                        "UTC",
                        null,
                        null,
                        AT,
                        ScheduleSettings.CatchUp.ALL,
                        false,
                        AT);
        var expected = new Schedule(RUN, 3, 1, settings, AT);
        assertEquals(expected, read);
        assertEquals(json, json(Stored.SCHEDULES.serializer().serialize("schedules", expected)));
    }

    @Test
    void run_ofANewerFormat_stopsTheReader() {
        // Given
        byte[] stored = serde.serializer().serialize("runs", runIn(new RunState.Waiting(AT)));
        stored[0] = 3;

        // When
        var refused =
                assertThrows(
                        IllegalStateException.class,
                        () -> serde.deserializer().deserialize("runs", stored));

        // Then
        assertEquals(
                "stored runs have format 3; this engine reads 1 to 2:"
                        + " it is older than the one that wrote them",
                refused.getMessage());
    }

    private static Stream<RunState> states() {
        String run = RUN.toString();
        return Stream.of(
                new RunState.Waiting(AT),
                new RunState.Queued(1, AT),
                new RunState.Dispatched(1, 2, AT),
                new RunState.Running(1, "w@1"),
                new RunState.Deciding(new Decision.Retry(run, 1, AT), AT),
                new RunState.Deciding(new Decision.AttemptLost(run, 1, "worker silent"), AT),
                new RunState.Deciding(new Decision.Fail(run, 1), AT),
                new RunState.Deciding(new Decision.Cancel(run, 1), AT),
                new RunState.Backoff(2, AT),
                new RunState.Deciding(new Decision.AttemptTimedOut(run, 1), AT),
                new RunState.Deciding(new Decision.TimedOut(run, 1), AT),
                new RunState.Deciding(new Decision.Resume(run, 1), AT),
                new RunState.Deciding(new Decision.EndChildren(run, 1), AT),
                new RunState.Suspended(1, AT),
                new RunState.Suspended(1, null),
                new RunState.Cancelling(1, "w@1", AT, AT.plusSeconds(1)));
    }

    private static OpenRun runIn(RunState state) {
        var request =
                new PlatformEvent.Requested(
                        "h", "q", "t", null, RetryPolicy.DEFAULT, 5, "k", "any", 60_000L, 1_000L);
        return new OpenRun(facts(request, AT, AT), state);
    }

    private static RunFacts facts(
            PlatformEvent.Requested request, Instant begunAt, @Nullable Instant attemptAt) {
        return new RunFacts(
                RUN, request, RunStatus.RETRYING, 2, 1, 1, true, false, begunAt, attemptAt, 7, AT);
    }

    private static String json(byte[] stored) {
        return new String(Arrays.copyOfRange(stored, 1, stored.length), UTF_8);
    }
}
