package dev.outrun.api;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.outrun.ledger.Run;
import dev.outrun.schema.json.WireJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/** Runs as JSON. Input, output and error are what was sent, byte for byte. */
final class RunJson {

    private RunJson() {}

    /** All there is of a run. */
    static byte[] whole(Run run) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(512 + run.input().length());
        try (JsonGenerator json = WireJson.mapper().createGenerator(out)) {
            json.writeStartObject();
            summary(json, run);
            raw(json, "input", run.input());
            raw(json, "output", run.output());
            raw(json, "error", run.error());
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a byte array does not fail
        }
        return out.toByteArray();
    }

    /** A run in a list: without what it was given and what it made, which may be large. */
    static void listed(JsonGenerator json, Run run) throws IOException {
        json.writeStartObject();
        summary(json, run);
        json.writeEndObject();
    }

    private static void summary(JsonGenerator json, Run run) throws IOException {
        json.writeStringField("id", run.id().toString());
        json.writeStringField("status", run.status().text());
        json.writeStringField("handler", run.handler());
        json.writeStringField("queue", run.queue());
        json.writeStringField("tenant", run.tenant().name());
        json.writeNumberField("priority", run.priority());
        text(json, "concurrency_key", run.concurrencyKey());
        json.writeNumberField("attempt", run.attempt());
        json.writeNumberField("next_seq", run.nextSeq());
        text(json, "idempotency_key", run.idempotencyKey());
        forked(json, run.fork());
        text(json, "parent", run.parent());
        text(json, "schedule", run.schedule());
        text(json, "scheduled_at", run.scheduledAt());
        json.writeNumberField("children", run.children());
        json.writeNumberField("children_ended", run.childrenEnded());
        text(json, "run_at", run.runAt());
        text(json, "created_at", run.createdAt());
        text(json, "updated_at", run.updatedAt());
        text(json, "finished_at", run.finishedAt());
        json.writeBooleanField("topicless", run.topicless());
        text(json, "topic_deleted_at", run.topicDeletedAt());
        halted(json, run.halted());
    }

    private static void forked(JsonGenerator json, Run.@Nullable Fork fork) throws IOException {
        if (fork == null) {
            json.writeNullField("forked");
            return;
        }
        json.writeObjectFieldStart("forked");
        json.writeStringField("from", fork.from().toString());
        json.writeNumberField("at", fork.at());
        json.writeEndObject();
    }

    private static void halted(JsonGenerator json, Run.@Nullable Halted halted) throws IOException {
        if (halted == null) {
            json.writeNullField("halted");
            return;
        }
        json.writeObjectFieldStart("halted");
        json.writeNumberField("next_seq", halted.nextSeq());
        json.writeNumberField("bad_seq", halted.badSeq());
        json.writeStringField("reason", halted.reason());
        text(json, "since", halted.since());
        json.writeEndObject();
    }

    private static void text(JsonGenerator json, String name, @Nullable Object value)
            throws IOException {
        if (value == null) {
            json.writeNullField(name);
        } else {
            json.writeStringField(name, value.toString());
        }
    }

    private static void raw(JsonGenerator json, String name, @Nullable String value)
            throws IOException {
        json.writeFieldName(name);
        json.writeRawValue(value == null ? "null" : value);
    }
}
