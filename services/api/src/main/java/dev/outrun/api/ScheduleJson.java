package dev.outrun.api;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.outrun.ledger.ScheduleState;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.schedule.Occurrences;
import dev.outrun.schema.schedule.ScheduleSettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Schedules as JSON. What they start is what was sent, byte for byte. */
final class ScheduleJson {

    private static final int NEXT = 5;

    private ScheduleJson() {}

    /** All there is of a schedule, and when it fires next, seen from this time. */
    static byte[] whole(ScheduleState schedule, Instant now) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(512 + schedule.run().length());
        try (JsonGenerator json = WireJson.mapper().createGenerator(out)) {
            write(json, schedule, now, NEXT);
            json.writeFieldName("run");
            json.writeRawValue(schedule.run());
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a byte array does not fail
        }
        return out.toByteArray();
    }

    /** A schedule in a list: without what it starts, which may be large. */
    static void listed(JsonGenerator json, ScheduleState schedule, Instant now) throws IOException {
        write(json, schedule, now, 1);
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, ScheduleState schedule, Instant now, int next)
            throws IOException {
        ScheduleSettings settings = schedule.settings();
        json.writeStartObject();
        json.writeStringField("schedule", settings.schedule());
        json.writeStringField("tenant", settings.tenant());
        text(json, "cron", settings.cron());
        text(json, "time_zone", settings.timeZone());
        if (settings.everyMs() == null) {
            json.writeNullField("every_ms");
        } else {
            json.writeNumberField("every_ms", settings.everyMs());
        }
        text(json, "starts_at", settings.startsAt());
        text(json, "ends_at", settings.endsAt());
        json.writeStringField("catch_up", settings.catchUp().name().toLowerCase(Locale.ROOT));
        json.writeBooleanField("paused", settings.paused());
        json.writeArrayFieldStart("next");
        Occurrences occurrences = Occurrences.of(settings);
        Instant at = settings.paused() ? null : occurrences.next(now);
        for (int i = 0; i < next && at != null; i++) {
            json.writeString(at.toString());
            at = occurrences.next(at);
        }
        json.writeEndArray();
        text(json, "last_at", schedule.lastAt());
        text(json, "last_run", schedule.lastRun());
        json.writeStringField("log", schedule.log().toString());
        text(json, "created_at", schedule.createdAt());
        text(json, "updated_at", schedule.updatedAt());
    }

    private static void text(JsonGenerator json, String name, @Nullable Object value)
            throws IOException {
        json.writeStringField(name, value == null ? null : value.toString());
    }
}
