package dev.outrun.api.board;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.outrun.schema.analytics.Counter;
import dev.outrun.schema.analytics.Distribution;
import dev.outrun.schema.analytics.Timing;
import dev.outrun.schema.analytics.Window;
import dev.outrun.schema.json.WireJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A window of an answer.
 *
 * @param end the instant after the last one in it
 * @param queue null: of all that were asked for, as is the handler
 */
public record PlacedWindow(
        Instant start,
        Instant end,
        @Nullable String queue,
        @Nullable String handler,
        Window window) {

    /** It alone, UTF-8, on one line. */
    byte[] json() {
        ByteArrayOutputStream out = new ByteArrayOutputStream(512);
        try (JsonGenerator json = WireJson.mapper().createGenerator(out)) {
            write(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a byte array does not fail
        }
        return out.toByteArray();
    }

    /** Writes it as an object; what was measured without the sketches. */
    public void write(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("start", start.toString());
        json.writeStringField("end", end.toString());
        json.writeStringField("queue", queue);
        json.writeStringField("handler", handler);
        for (Counter counter : Counter.values()) {
            json.writeNumberField(counter.name().toLowerCase(Locale.ROOT), window.count(counter));
        }
        for (Timing timing : Timing.values()) {
            json.writeFieldName(timing.name().toLowerCase(Locale.ROOT) + "_ms");
            write(json, window.distribution(timing));
        }
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, Distribution distribution) throws IOException {
        json.writeStartObject();
        json.writeNumberField("count", distribution.count());
        number(json, "p50", distribution.p50());
        number(json, "p90", distribution.p90());
        number(json, "p99", distribution.p99());
        number(json, "max", distribution.max());
        json.writeEndObject();
    }

    private static void number(JsonGenerator json, String name, @Nullable Double value)
            throws IOException {
        if (value == null) {
            json.writeNullField(name);
        } else {
            json.writeNumberField(name, value);
        }
    }
}
