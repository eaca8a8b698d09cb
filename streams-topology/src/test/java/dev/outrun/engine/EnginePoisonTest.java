package dev.outrun.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.outrun.engine.run.TestLog;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.topic.RecordHeaders;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A record that cannot be read never stops the shard. */
final class EnginePoisonTest {

    @AutoClose private final EngineScenario engine = new EngineScenario();

    @ParameterizedTest
    @ValueSource(
            strings = {
                RecordHeaders.TYPE,
                RecordHeaders.TIME,
                RecordHeaders.SEQUENCE,
                RecordHeaders.ATTEMPT
            })
    void record_withoutAHeader_isSkipped(String header) {
        // Given
        TestRecord<byte[], byte[]> record = aRequest();
        record.headers().remove(header);

        // When
        engine.publish(record);

        // Then
        assertTheShardGoesOn();
    }

    @ParameterizedTest
    @CsvSource({
        "ce_sequence, one",
        "ce_sequence, ''",
        "ce_time, yesterday",
        "outrun_attempt, x",
        "ce_type, run.completed"
    })
    void record_withAHeaderOfNonsense_isSkipped(String header, String value) {
        // Given
        TestRecord<byte[], byte[]> record = aRequest();

        // When
        engine.publish(EngineScenario.withHeader(record, header, value));

        // Then
        assertTheShardGoesOn();
    }

    @Test
    void record_withoutAKey_isSkipped() {
        // Given
        TestRecord<byte[], byte[]> record = aRequest();

        // When
        engine.publish(new TestRecord<>(null, record.value(), record.headers()));
        engine.publish(new TestRecord<>("a".getBytes(UTF_8), record.value(), record.headers()));

        // Then
        assertTheShardGoesOn();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "{}", "{\"handler\":", "[]", "{\"handler\":\"a\"}"})
    void request_withUnreadableData_isSkipped(String data) {
        // Given
        TestRecord<byte[], byte[]> record = aRequest();

        // When
        engine.publish(new TestRecord<>(record.key(), data.getBytes(UTF_8), record.headers()));

        // Then
        assertTheShardGoesOn();
    }

    @Test
    void request_withoutAValue_isSkipped() {
        // Given
        TestRecord<byte[], byte[]> record = aRequest();

        // When
        engine.publish(new TestRecord<>(record.key(), null, record.headers()));

        // Then
        assertTheShardGoesOn();
    }

    @Test
    void platformEvent_unreadable_leavesTheRunWhereItWas() {
        // Given
        var run = engine.log("a");
        run.requested();
        run.started("w@1");
        engine.hush();

        // When
        run.write("run.attempt.failed", "{\"retryable\":");
        run.requested();
        run.failed();

        // Then
        assertEquals(List.of(run.retry(1, run.lastTime().plusMillis(500))), engine.decisions());
        assertEquals(2, engine.deadLetters().size());
    }

    @Test
    void record_thatIsSkipped_isADeadLetterAsItWas() {
        // Given
        TestRecord<byte[], byte[]> record = aRequest();
        engine.publish(record);
        TestRecord<byte[], byte[]> bad =
                EngineScenario.withHeader(aRequest(), RecordHeaders.SEQUENCE, "one");

        // When
        engine.publish(bad);

        // Then
        TestRecord<byte[], byte[]> letter = engine.deadLetters().getFirst();
        assertArrayEquals(bad.key(), letter.key());
        assertArrayEquals(bad.value(), letter.value());
        for (Header each : bad.headers()) {
            assertEquals(each, letter.headers().lastHeader(each.key()));
        }
        assertEquals("engine", header(letter, RecordHeaders.READER));
        assertEquals("test.events", header(letter, RecordHeaders.TOPIC));
        assertEquals("0", header(letter, RecordHeaders.PARTITION));
        assertEquals("1", header(letter, RecordHeaders.OFFSET));
        assertEquals("java.lang.NumberFormatException", header(letter, RecordHeaders.ERROR));
        assertEquals("For input string: \"one\"", header(letter, RecordHeaders.REASON));
    }

    @ParameterizedTest
    @CsvSource({"queue.changed", "schedule.changed"})
    void eventOfALog_thatSaysNothing_isSkipped(String type) {
        // When
        engine.log("of a queue or schedule").write(type, "{}");

        // Then
        assertTheShardGoesOn();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "{}", "[]", "{\"worker\":"})
    void heartbeat_ofNobody_isSkipped(String heartbeat) {
        // When
        engine.heartbeatOf("w", heartbeat.getBytes(UTF_8));

        // Then
        assertTheShardGoesOn();
    }

    private static String header(TestRecord<byte[], byte[]> letter, String name) {
        return RecordHeaders.text(letter.headers(), name);
    }

    private TestRecord<byte[], byte[]> aRequest() {
        List<Event> written = new ArrayList<>();
        new TestLog("poison", engine, written::add).requested();
        return EngineScenario.recordOf(written.getFirst());
    }

    private void assertTheShardGoesOn() {
        assertEquals(List.of(), engine.tasks());
        assertEquals(0, engine.openRuns());
        assertFalse(engine.deadLetters().isEmpty());
        var next = engine.log("next");
        next.requested();
        assertEquals(List.of(next.task(1)), engine.tasks());
    }
}
