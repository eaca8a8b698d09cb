package dev.outrun.worker.sample;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.schema.json.WireJson;
import dev.outrun.worker.Input;
import dev.outrun.worker.NonRetryableException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ChatDemoTest {

    private final SteppedPace pace = new SteppedPace();
    private final ChatDemo chat = new ChatDemo(pace);
    private final ScriptedRun run = new ScriptedRun();

    @Test
    void tokens_joined_are_the_text() throws Exception {
        // When
        JsonNode output = chat("{\"rate\":0}");

        // Then
        assertEquals(DemoText.text(), String.join("", said()));
        assertEquals(DemoText.text(), output.path("text").asText());
        assertEquals(said().size(), output.path("tokens").asInt());
        assertTrue(said().size() > 150);
        assertEquals(List.of(), pace.waits);
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "{}", "{\"prompt\":\"go\"}"})
    void rate_is_40_unless_said(String input) throws Exception {
        // When
        chat(input);

        // Then
        assertEquals(List.of(0L, 25_000_000L, 50_000_000L), pace.waits.subList(0, 3));
    }

    @Test
    void pace_is_kept_by_deadlines() throws Exception {
        // Given
        pace.lateNanos = 7_000_000;

        // When
        chat("{\"rate\":100,\"tokens\":4}");

        // Then
        assertEquals(List.of(0L, 10_000_000L, 20_000_000L, 30_000_000L), pace.waits);
    }

    @Test
    void tokens_are_at_most_as_many_as_asked_for() throws Exception {
        // When
        JsonNode output = chat("{\"tokens\":3,\"rate\":0}");

        // Then
        assertEquals(List.of("Alice", " was", " beginning"), said());
        assertEquals("{\"tokens\":3,\"text\":\"Alice was beginning\"}", output.toString());
    }

    @Test
    void later_attempt_goes_on_after_the_tokens_in_the_history() throws Exception {
        // Given
        run.withHistory("run.requested", "{}")
                .withHistory(ChatDemo.TOKEN, "{\"text\":\"Alice\"}")
                .withHistory(ChatDemo.TOKEN, "{\"text\":\" was\"}");

        // When
        JsonNode output = chat("{\"tokens\":3}");

        // Then
        assertEquals(List.of(" beginning"), said());
        assertEquals("Alice was beginning", output.path("text").asText());
        assertEquals(List.of(0L), pace.waits);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "\"fast\"",
                "{\"rate\":-1}",
                "{\"rate\":\"40\"}",
                "{\"rate\":null}",
                "{\"rate\":1e300}",
                "{\"tokens\":0}",
                "{\"tokens\":1.5}",
                "{\"tokens\":\"all\"}",
                "{\"prompt\":1}"
            })
    void input_that_makes_no_sense_is_not_retryable(String input) {
        // When
        NonRetryableException failure =
                assertThrows(NonRetryableException.class, () -> chat(input));

        // Then
        assertEquals("invalid_input", failure.code());
        assertFalse(failure.isRetryable());
        assertEquals(List.of(), run.emitted);
    }

    private JsonNode chat(String input) throws Exception {
        return WireJson.mapper().valueToTree(chat.run(run, new Input(input)));
    }

    private List<String> said() {
        return run.emitted.stream()
                .map(line -> line.substring(ChatDemo.TOKEN.length() + 1))
                .map(json ->
                        WireJson.read(json.getBytes(StandardCharsets.UTF_8), JsonNode.class)
                                .path("text")
                                .asText())
                .toList();
    }

    /** A clock that stands still but while somebody waits, and then may be late. */
    private static final class SteppedPace implements Pace {

        final List<Long> waits = new ArrayList<>();
        long lateNanos;
        private long now;

        @Override
        public long nanoTime() {
            return now;
        }

        @Override
        public void waitUntil(long nanoTime) {
            waits.add(nanoTime);
            now = Math.max(now, nanoTime + lateNanos);
        }
    }
}
