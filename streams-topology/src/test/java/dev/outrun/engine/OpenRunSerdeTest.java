package dev.outrun.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.engine.run.OpenRun;
import dev.outrun.engine.run.RunFacts;
import dev.outrun.engine.run.RunState;
import dev.outrun.schema.event.RetryPolicy;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.work.Decision;
import java.time.Instant;
import java.util.Arrays;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class OpenRunSerdeTest {

    private static final RunId RUN = new RunId(new UUID(1, 2));
    private static final Instant AT = Instant.parse("2026-01-02T03:04:05.678901Z");

    private final OpenRunSerde serde = new OpenRunSerde();

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
    void run_storedByThisFormat_isStillRead() {
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
        var expected = runIn(new RunState.Deciding(new Decision.Fail(RUN.toString(), 2), AT));
        assertEquals(expected, read);
        assertEquals(json, json(serde.serializer().serialize("runs", expected)));
    }

    @Test
    void run_ofANewerFormat_stopsTheReader() {
        // Given
        byte[] stored = serde.serializer().serialize("runs", runIn(new RunState.Waiting(AT)));
        stored[0] = 2;

        // When
        var refused =
                assertThrows(
                        IllegalStateException.class,
                        () -> serde.deserializer().deserialize("runs", stored));

        // Then
        assertEquals(
                "a stored run has format 2; this engine reads format 1:"
                        + " it is older than the one that wrote it",
                refused.getMessage());
    }

    private static Stream<RunState> states() {
        String run = RUN.toString();
        return Stream.of(
                new RunState.Waiting(AT),
                new RunState.Dispatched(1, 2, AT),
                new RunState.Running(1, "w@1"),
                new RunState.Deciding(new Decision.Retry(run, 1, AT), AT),
                new RunState.Deciding(new Decision.AttemptLost(run, 1, "worker silent"), AT),
                new RunState.Deciding(new Decision.Fail(run, 1), AT),
                new RunState.Deciding(new Decision.Cancel(run, 1), AT),
                new RunState.Backoff(2, AT),
                new RunState.Cancelling(1, "w@1", AT, AT.plusSeconds(1)));
    }

    private static OpenRun runIn(RunState state) {
        return new OpenRun(
                new RunFacts(
                        RUN,
                        "t",
                        "q",
                        "h",
                        RetryPolicy.DEFAULT,
                        RunStatus.RETRYING,
                        2,
                        1,
                        1,
                        true,
                        7,
                        AT),
                state);
    }

    private static String json(byte[] stored) {
        return new String(Arrays.copyOfRange(stored, 1, stored.length), UTF_8);
    }
}
