package dev.outrun.schema.event;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.RecordHeaders;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

final class EventTest {

    private static final RunId RUN = RunId.parse("01890a5d-ac96-774b-bcce-b302099a8057");
    private static final Event EVENT =
            new Event(
                    RUN,
                    7,
                    "token.delta",
                    2,
                    Instant.parse("2026-01-02T03:04:05.000678Z"),
                    "{ \"text\":\"é\" }".getBytes(UTF_8));

    @Test
    void envelope_ofAnEvent_holdsItsDataAsItIs() {
        // When
        String envelope = new String(EVENT.envelope(), UTF_8);

        // Then
        assertEquals(
                "{\"run\":\"01890a5d-ac96-774b-bcce-b302099a8057\",\"seq\":7,\"type\":\"token.delta\","
                        + "\"attempt\":2,\"time\":\"2026-01-02T03:04:05.000678Z\",\"data\":{ \"text\":\"é\" }}",
                envelope);
    }

    @Test
    void record_writtenAndRead_isTheSameEvent() {
        // Given
        var headers = new org.apache.kafka.common.header.internals.RecordHeaders();
        RecordHeaders.write(
                headers, EVENT, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        var record =
                new ConsumerRecord<>(
                        "t",
                        0,
                        7L,
                        0L,
                        TimestampType.CREATE_TIME,
                        36,
                        EVENT.data().length,
                        RUN.toString().getBytes(UTF_8),
                        EVENT.data(),
                        headers,
                        Optional.empty());

        // When
        Event read = RecordHeaders.read(record);

        // Then
        assertEquals(new String(EVENT.envelope(), UTF_8), new String(read.envelope(), UTF_8));
        assertEquals("/runs/" + RUN, RecordHeaders.text(headers, RecordHeaders.SOURCE));
        assertEquals("1.0", RecordHeaders.text(headers, RecordHeaders.SPEC_VERSION));
        assertEquals("7", RecordHeaders.text(headers, RecordHeaders.ID));
    }
}
