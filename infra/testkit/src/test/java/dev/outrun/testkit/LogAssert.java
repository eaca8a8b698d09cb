package dev.outrun.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.RecordHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** The four invariants, looked at from every side a run's log can be read from. */
final class LogAssert {

    private LogAssert() {}

    /**
     * The log of a closed run is gapless and the same, byte for byte, in Postgres, both topics, SSE
     * and JSON, once all is published.
     */
    static void assertSameLogEverywhere(TestOutrun outrun, RunId run) {
        outrun.drain(); // a topic may have had to be made first
        List<Event> log = outrun.ledger().events(run, 0, Integer.MAX_VALUE);
        assertGaplessAndClosed(log);
        List<String> wanted = envelopes(log);
        assertEquals(wanted, offsetsAreSeqs(outrun.runTopic(run, log.size())), "run topic");
        assertEquals(wanted, records(outrun.firehose(List.of(run), log.size())), "firehose");
        assertEquals(wanted, sse(outrun, run, 0), "SSE");
        assertJsonPageHolds(outrun, run, log);
    }

    /** What SSE gives from this seq on, to the end of the log. */
    static List<String> sse(TestOutrun outrun, RunId run, long from) {
        List<String> seen = new ArrayList<>();
        outrun.api().follow(run.toString(), from, line -> seen.add(line.envelope()));
        return seen;
    }

    static List<String> envelopes(List<Event> events) {
        return events.stream().map(event -> new String(event.envelope(), UTF_8)).toList();
    }

    static String data(Event event) {
        return new String(event.data(), UTF_8);
    }

    static List<String> types(List<Event> events) {
        return events.stream().map(Event::type).toList();
    }

    private static void assertGaplessAndClosed(List<Event> log) {
        assertEquals(
                IntStream.range(0, log.size()).asLongStream().boxed().toList(),
                log.stream().map(Event::seq).toList());
        assertEquals(EventTypes.REQUESTED, log.getFirst().type());
        assertTrue(EventTypes.isTerminal(log.getLast().type()), log.getLast().type());
        Predicate<Event> terminal = event -> EventTypes.isTerminal(event.type());
        assertEquals(1, log.stream().filter(terminal).count());
    }

    private static List<String> offsetsAreSeqs(List<ConsumerRecord<byte[], byte[]>> records) {
        for (ConsumerRecord<byte[], byte[]> record : records) {
            assertEquals(RecordHeaders.seq(record.headers()), record.offset());
        }
        return records(records);
    }

    private static List<String> records(List<ConsumerRecord<byte[], byte[]>> records) {
        return envelopes(records.stream().map(RecordHeaders::read).toList());
    }

    private static void assertJsonPageHolds(TestOutrun outrun, RunId run, List<Event> log) {
        JsonNode page = outrun.api().get("/v1/runs/" + run + "/events?from=0&limit=100000");
        assertTrue(page.get("closed").asBoolean());
        assertEquals(log.size(), page.get("next").asLong());
        for (int seq = 0; seq < log.size(); seq++) {
            JsonNode event = page.get("events").get(seq);
            assertEquals(seq, event.get("seq").asLong());
            assertEquals(log.get(seq).type(), event.get("type").asText());
        }
    }
}
