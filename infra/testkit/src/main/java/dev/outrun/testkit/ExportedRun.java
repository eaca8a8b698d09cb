package dev.outrun.testkit;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** A run as {@code ./outrun run export} writes it: format 1. */
record ExportedRun(RunId run, List<Recorded> events) {

    private static final int FORMAT = 1;

    /** Numbers as they are, of any length. */
    private static final ObjectReader READER =
            WireJson.mapper()
                    .readerFor(JsonNode.class)
                    .with(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

    /** An event of its log. */
    record Recorded(long seq, String type, int attempt, Instant time, JsonNode data) {

        /** One that a harness has. */
        static Recorded of(Event event) {
            return new Recorded(
                    event.seq(), event.type(), event.attempt(), event.time(), json(event.data()));
        }

        /** Whether they say the same; when is another matter. */
        boolean isSame(Recorded other) {
            return type.equals(other.type) && attempt == other.attempt && data.equals(other.data);
        }

        /** A field of its data, as text; empty where there is none. */
        String text(String field) {
            return data.path(field).asText("");
        }

        @Override
        public String toString() {
            return type + " of attempt " + attempt + " " + data;
        }
    }

    /**
     * Reads a file.
     *
     * @throws IllegalArgumentException if it is no exported run, or one that cannot be replayed
     */
    static ExportedRun read(Path file) {
        JsonNode exported;
        try {
            exported = json(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (exported.path("format").asInt() != FORMAT) {
            throw new IllegalArgumentException(file + " is no exported run of format " + FORMAT);
        }
        List<Recorded> events = new ArrayList<>();
        for (JsonNode event : exported.path("events")) {
            Recorded recorded =
                    new Recorded(
                            event.path("seq").asLong(),
                            event.path("type").asText(),
                            event.path("attempt").asInt(),
                            Instant.parse(event.path("time").asText()),
                            event.path("data"));
            if (recorded.seq() != events.size()) {
                throw new IllegalArgumentException(
                        file + " has seq " + recorded.seq() + " where " + events.size() + " is");
            } else if (recorded.type().equals(EventTypes.FORKED)) {
                throw new IllegalArgumentException(
                        file + " is a fork: what it began with happened in another run");
            }
            events.add(recorded);
        }
        if (events.isEmpty()) {
            throw new IllegalArgumentException(file + " has no events");
        }
        return new ExportedRun(RunId.parse(exported.path("run").path("id").asText()), events);
    }

    private static JsonNode json(byte[] json) {
        try {
            return READER.readValue(json);
        } catch (IOException e) {
            throw new IllegalArgumentException("not JSON", e);
        }
    }
}
