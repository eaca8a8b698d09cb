package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.outrun.ledger.MadeStream;
import dev.outrun.ledger.NewStream;
import dev.outrun.ledger.StreamAppend;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the engine makes of a stream's run: nothing, and its end is no trouble. */
final class SteppedStreamsTest {

    private static final String ONE = "[{\"type\":\"message\",\"data\":1}]";

    private final SteppedStage stage = new SteppedStage();

    @AfterEach
    void close() {
        stage.close();
    }

    @ParameterizedTest
    @EnumSource(
            value = Part.class,
            names = {"ENGINE", "CONNECTOR"})
    void stream_thatIsOpenForDays_isNobodysTask_andClosesWhateverHasCrashed(Part part) {
        // Given
        stage.outrun.hold(Part.WORKER);
        RunId run = made(stream("s", null));
        RunId fork = made(stream("f", new NewStream.Fork("s", null, 0)));
        stage.outrun.settle();
        stage.outrun.advance(Duration.ofDays(3));
        stage.outrun.crash(part);

        // When
        stage.outrun.ledger().streams().append(append("s", true));
        stage.outrun.ledger().streams().append(append("f", false));
        stage.outrun.settle();

        // Then
        assertEquals(List.of(), stage.outrun.tasks().waiting());
        assertEquals(List.of(), stage.outrun.decisions().waiting());
        assertEquals(List.of(), stage.outrun.interrupts().waiting());
        assertEquals(
                List.of("run.requested", "message", "message", "run.completed"),
                stage.outrun.types(run));
        assertEquals(4, stage.outrun.frames(run).size());
        assertEquals(RunStatus.COMPLETED, stage.outrun.status(run));
        assertEquals(List.of("run.requested", "message", "message"), stage.outrun.types(fork));
        assertEquals(RunStatus.SUSPENDED, stage.outrun.status(fork));
    }

    @Test
    void stream_deleted_isACancelledRun() {
        // Given
        RunId run = made(stream("s", null));
        stage.outrun.settle();

        // When
        stage.outrun.ledger().streams().delete(Tenant.DEFAULT, "s");
        stage.outrun.settle();

        // Then
        assertEquals(RunStatus.CANCELLED, stage.outrun.status(run));
        assertEquals(4, stage.outrun.frames(run).size());
        RunId other = stage.outrun.start("greet", "1");
        stage.outrun.settle();
        assertEquals(RunStatus.COMPLETED, stage.outrun.status(other));
    }

    private RunId made(NewStream stream) {
        return assertInstanceOf(
                        MadeStream.Made.class, stage.outrun.ledger().streams().create(stream))
                .run();
    }

    private static NewStream stream(String name, NewStream.@Nullable Fork fork) {
        String events = fork == null ? ONE : null;
        return new NewStream(
                Tenant.DEFAULT, name, null, "application/json", null, null, events, false, fork);
    }

    private static StreamAppend append(String name, boolean closing) {
        return new StreamAppend(Tenant.DEFAULT, name, "application/json", ONE, closing, null, null);
    }
}
