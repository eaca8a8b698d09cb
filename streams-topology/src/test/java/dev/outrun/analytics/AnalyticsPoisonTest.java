package dev.outrun.analytics;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.RecordHeaders;
import java.time.Duration;
import java.util.UUID;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A record that cannot be read never stops the shard, and is counted nowhere. */
final class AnalyticsPoisonTest {

    @AutoClose private final AnalyticsScenario analytics = new AnalyticsScenario();

    @ParameterizedTest
    @ValueSource(strings = {"ce_type", "ce_time", "ce_sequence", "outrun_attempt"})
    void record_withoutAHeader_isSkipped(String header) {
        // Given
        var record = aRequest("{\"handler\":\"h\",\"queue\":\"q\",\"tenant\":\"t\"}");
        record.headers().remove(header);

        // When
        analytics.publish(record);

        // Then
        assertTheShardGoesOn();
    }

    @ParameterizedTest
    @CsvSource({
        "ce_sequence, one",
        "ce_time, yesterday",
        "ce_time, -1000000000-01-01T00:00:00Z",
        "ce_time, +1000000000-12-31T23:59:59Z",
        "outrun_attempt, x",
        "ce_type, run.completed",
        "ce_type, token.delta"
    })
    void record_withAHeaderOfNonsense_isSkipped(String header, String value) {
        // Given
        var record = aRequest("{\"handler\":\"h\",\"queue\":\"q\",\"tenant\":\"t\"}");

        // When
        record.headers().remove(header).add(new RecordHeader(header, value.getBytes(UTF_8)));
        analytics.publish(record);

        // Then
        assertTheShardGoesOn();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "{}", "{\"handler\":", "[]", "{\"handler\":\"a\"}"})
    void request_withUnreadableData_isSkipped(String data) {
        // When
        analytics.publish(aRequest(data));

        // Then
        assertTheShardGoesOn();
    }

    @Test
    void record_withoutKeyOrValue_isSkipped() {
        // Given
        var record = aRequest("{\"handler\":\"h\",\"queue\":\"q\",\"tenant\":\"t\"}");

        // When
        analytics.publish(new TestRecord<>(null, record.value(), record.headers()));
        analytics.publish(new TestRecord<>("a".getBytes(UTF_8), record.value(), record.headers()));
        analytics.publish(new TestRecord<>(record.key(), null, record.headers()));

        // Then
        assertTheShardGoesOn();
    }

    @Test
    void retry_withUnreadableData_isSkipped_andItsRunGoesOn() {
        // Given
        var run = analytics.log("a").requested().started();

        // When
        run.write("run.retry.scheduled", "{\"attempt\":2}").completed();
        analytics.advance(Duration.ofSeconds(1));

        // Then
        var window = analytics.said().in(0);
        assertEquals(0, window.retried());
        assertEquals(1, window.completed());
        assertEquals(3, window.events());
    }

    @Test
    void record_thatIsSkipped_isADeadLetterOfAnalytics() {
        // Given
        var bad = aRequest("{}");

        // When
        analytics.publish(bad);

        // Then
        var letter = analytics.deadLetters().getFirst();
        assertArrayEquals(bad.key(), letter.key());
        assertArrayEquals(bad.value(), letter.value());
        assertEquals("analytics", RecordHeaders.text(letter.headers(), RecordHeaders.READER));
        assertEquals("run.requested", RecordHeaders.text(letter.headers(), RecordHeaders.TYPE));
    }

    private void assertTheShardGoesOn() {
        analytics.log("after").requested().started().completed();
        analytics.advance(Duration.ofSeconds(1));
        var said = analytics.said();
        assertEquals(1, said.keys().size());
        assertEquals(3, said.in(0).events());
    }

    private TestRecord<byte[], byte[]> aRequest(String data) {
        return RunLog.recordOf(
                new Event(
                        new RunId(new UUID(1, 2)),
                        0,
                        "run.requested",
                        0,
                        analytics.instant(),
                        data.getBytes(UTF_8)));
    }
}
