package dev.outrun.worker.sample;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.worker.HandlerFailure;
import dev.outrun.worker.Input;
import dev.outrun.worker.JsonText;
import dev.outrun.worker.RunHandler;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class SampleHandlersTest {

    private static final String FLAKY_FAILED =
            "{\"error\":{\"code\":\"flaky\",\"message\":\"m\"},\"retryable\":true}";
    private static final String HANDED_BACK =
            "{\"error\":{\"code\":\"worker_stopped\",\"message\":\"m\"},\"retryable\":true}";

    private final ScriptedRun run = new ScriptedRun();

    @Test
    void handlers_have_their_names() {
        assertEquals(
                Set.of("echo", "chat-demo", "flaky", "sleeper", "approval"),
                SampleHandlers.all().keySet());
    }

    @Test
    void echo_says_and_returns_its_input() throws Exception {
        // When
        Object output = handler("echo").run(run, new Input("{ \"a\" : 1.0 }"));

        // Then
        assertEquals(new JsonText("{ \"a\" : 1.0 }"), output);
        assertEquals(1, run.emitted.size());
    }

    @Test
    void flaky_fails_until_it_has_failed_twice() throws Exception {
        // Given
        run.withHistory("run.attempt.failed", FLAKY_FAILED);

        // When
        HandlerFailure second =
                assertThrows(HandlerFailure.class, () -> handler("flaky").run(run, new Input("1")));
        run.withHistory("run.attempt.failed", FLAKY_FAILED);
        Object output = handler("flaky").run(run, new Input("1"));

        // Then
        assertEquals("failure 2 of 2, as announced", second.getMessage());
        assertEquals(Map.of("failures", 2), output);
    }

    @Test
    void flaky_does_not_count_attempts_that_were_handed_back() {
        // Given
        run.withHistory("run.attempt.failed", HANDED_BACK)
                .withHistory("run.attempt.failed", FLAKY_FAILED)
                .withHistory("run.attempt.failed", HANDED_BACK);

        // When
        HandlerFailure failure =
                assertThrows(HandlerFailure.class, () -> handler("flaky").run(run, new Input("1")));

        // Then
        assertEquals("flaky", failure.code());
        assertEquals(List.of(), run.emitted);
    }

    private static RunHandler handler(String name) {
        return Objects.requireNonNull(SampleHandlers.all().get(name));
    }
}
