package dev.outrun.analytics;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.RecordHeaders;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.apache.kafka.streams.test.TestRecord;

/** One run's log, written as the ledger writes it; each event goes to a reader at once. */
final class RunLog {

    private final RunId run;
    private final Series series;
    private final InstantSource clock;
    private final Consumer<Event> reader;
    private final List<Event> events = new ArrayList<>();
    private int attempt;

    RunLog(String name, Series series, InstantSource clock, Consumer<Event> reader) {
        this.run = new RunId(UUID.nameUUIDFromBytes(name.getBytes(UTF_8)));
        this.series = series;
        this.clock = clock;
        this.reader = reader;
    }

    RunLog requested() {
        return requestedWith("");
    }

    RunLog requestedFor(Instant runAt) {
        return requestedWith(",\"run_at\":\"" + runAt + "\"");
    }

    private RunLog requestedWith(String more) {
        return write(
                "run.requested",
                "{\"handler\":\"%s\",\"queue\":\"%s\",\"tenant\":\"%s\"%s,\"input\":[1]}"
                        .formatted(series.handler(), series.queue(), series.tenant(), more));
    }

    /** The next attempt starts. */
    RunLog started() {
        attempt++;
        return write("run.attempt.started", "{\"worker\":\"w@1\"}");
    }

    RunLog failed() {
        return write("run.attempt.failed", "{\"error\":null,\"retryable\":true}");
    }

    RunLog retryScheduled(Instant at) {
        return write(
                "run.retry.scheduled", "{\"attempt\":" + (attempt + 1) + ",\"at\":\"" + at + "\"}");
    }

    RunLog completed() {
        return write("run.completed", "{\"output\":1}");
    }

    /** An event of a user's, or whatever. */
    RunLog write(String type, String data) {
        Event event =
                new Event(run, events.size(), type, attempt, clock.instant(), data.getBytes(UTF_8));
        events.add(event);
        reader.accept(event);
        return this;
    }

    /** Its reader gets events again, from this seq to the end. */
    void replayFrom(int seq) {
        List.copyOf(events.subList(seq, events.size())).forEach(reader);
    }

    /** Bytes of all its events' data. */
    long bytes() {
        return events.stream().mapToLong(event -> event.data().length).sum();
    }

    static TestRecord<byte[], byte[]> recordOf(Event event) {
        var headers = new org.apache.kafka.common.header.internals.RecordHeaders();
        RecordHeaders.write(headers, event, null);
        return new TestRecord<>(
                event.run().toString().getBytes(UTF_8), event.data(), headers, event.time());
    }
}
