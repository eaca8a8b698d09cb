package dev.outrun.worker.http;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.ledger.AttemptLedger;
import dev.outrun.ledger.Claim;
import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.Wake;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.json.RawJson;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The ledger as the HTTP task protocol has it, and the attempts that are leased here. */
final class HttpAttempts implements AttemptLedger {

    private static final byte[] NOTHING = "{}".getBytes(StandardCharsets.UTF_8);

    private final HttpCalls calls;
    private final Map<Key, Claim> leased = new ConcurrentHashMap<>();

    HttpAttempts(HttpCalls calls) {
        this.calls = calls;
    }

    /** An attempt. */
    record Key(RunId run, int attempt) {

        private String path(String what) {
            return "/v1/tasks/" + run + "/" + attempt + "/" + what;
        }
    }

    /** Keeps what a lease has brought, until the attempt's end is said or shows. */
    void lease(Key key, Claim claim) {
        leased.put(key, claim);
    }

    /** The attempts that are leased here and have not ended. */
    Set<Key> live() {
        return Set.copyOf(leased.keySet());
    }

    /** Shows that an attempt lives; whether it is to stop. */
    boolean heartbeat(Key key) {
        try {
            JsonNode answer = tree(calls.post(key.path("heartbeat"), NOTHING));
            return answer.get("cancel_requested").booleanValue();
        } catch (OutrunException e) {
            if (e.code().kind() != ErrorCode.Kind.USER) {
                throw e;
            }
            leased.remove(key); // it is somebody else's, or over
            return true;
        }
    }

    /** Nothing is to be done: who leases tasks of handlers offers them. */
    @Override
    public void registerHandlers(Collection<String> handlers) {}

    @Override
    public Optional<Claim> claim(RunId run, int attempt, String worker) {
        return Optional.ofNullable(leased.get(new Key(run, attempt)));
    }

    @Override
    public long append(RunId run, @Nullable Integer attempt, String events) {
        if (attempt == null) {
            throw new IllegalArgumentException("an attempt's worker appends within it");
        }
        byte[] body = object(json -> raw(json, "events", events));
        return tree(calls.post(new Key(run, attempt).path("events"), body))
                .get("first")
                .longValue();
    }

    @Override
    public long complete(RunId run, int attempt, String output, @Nullable String events) {
        Key key = new Key(run, attempt);
        byte[] body =
                object(json -> {
                    raw(json, "output", output);
                    if (events != null) {
                        raw(json, "events", events);
                    }
                });
        long seq = tree(calls.post(key.path("complete"), body)).get("seq").longValue();
        leased.remove(key);
        return seq;
    }

    @Override
    public RunStatus fail(RunId run, int attempt, String error, boolean retryable) {
        Key key = new Key(run, attempt);
        byte[] body =
                object(json -> {
                    raw(json, "error", error);
                    json.writeBooleanField("retryable", retryable);
                });
        JsonNode answer = tree(calls.post(key.path("fail"), body));
        leased.remove(key);
        return RunStatus.of(answer.get("status").textValue());
    }

    @Override
    public boolean suspend(RunId run, int attempt, Wake wake, @Nullable Long nextSeq) {
        Key key = new Key(run, attempt);
        byte[] body =
                object(json -> {
                    text(json, "until", wake.at());
                    text(json, "signal", wake.signal());
                    text(json, "children", wake.children());
                    if (nextSeq != null) {
                        json.writeNumberField("next_seq", nextSeq);
                    }
                });
        boolean suspended =
                tree(calls.post(key.path("suspend"), body)).get("suspended").booleanValue();
        if (suspended) {
            leased.remove(key);
        }
        return suspended;
    }

    @Override
    public RunId start(StartRun start) {
        byte[] body = object(json -> write(json, start));
        String answer = calls.post("/v1/runs", body, start.tenant());
        return RunId.parse(tree(answer).get("id").textValue());
    }

    private static void write(JsonGenerator json, StartRun start) throws IOException {
        text(json, "handler", start.handler());
        text(json, "queue", start.queue());
        raw(json, "input", start.input());
        text(json, "idempotency_key", start.idempotencyKey());
        text(json, "run_at", start.runAt());
        if (start.retry() != null) {
            raw(json, "retry", start.retry());
        }
        json.writeNumberField("priority", start.priority());
        text(json, "concurrency_key", start.concurrencyKey());
        number(json, "timeout_ms", start.timeoutMs());
        number(json, "attempt_timeout_ms", start.attemptTimeoutMs());
        text(json, "wait_for", start.waitFor());
        StartRun.Child child = start.child();
        if (child != null) {
            text(json, "parent", child.parent());
            text(json, "on_failure", child.failsParent() ? "fail_parent" : "continue");
            json.writeBooleanField("detached", child.detached());
        }
        StartRun.Dedupe dedupe = start.dedupe();
        if (dedupe != null) {
            text(json, "dedupe_key", dedupe.key());
            number(json, "dedupe_ms", dedupe.windowMs());
        }
    }

    @Override
    public List<Event> events(RunId run, long from, int limit) {
        String path = "/v1/runs/" + run + "/events?from=" + from + "&limit=" + limit;
        List<Event> events = new ArrayList<>();
        for (String envelope : RawJson.elements(field(RawJson.fields(calls.get(path)), "events"))) {
            Map<String, String> fields = RawJson.fields(envelope);
            events.add(
                    new Event(
                            run,
                            Long.parseLong(field(fields, "seq")),
                            unquoted(field(fields, "type")),
                            Integer.parseInt(field(fields, "attempt")),
                            Instant.parse(unquoted(field(fields, "time"))),
                            field(fields, "data").getBytes(StandardCharsets.UTF_8)));
        }
        return events;
    }

    static String field(Map<String, String> fields, String name) {
        String value = fields.get(name);
        if (value == null) {
            throw new OutrunException(
                    ErrorCode.UNAVAILABLE, "the server's answer has no '" + name + "'");
        }
        return value;
    }

    /** Of names and times, which have nothing escaped. */
    static String unquoted(String text) {
        return text.substring(1, text.length() - 1);
    }

    private static JsonNode tree(String answer) {
        try {
            return WireJson.mapper().readTree(answer);
        } catch (IOException e) {
            throw new OutrunException(ErrorCode.UNAVAILABLE, "the server's answer is no JSON", e);
        }
    }

    interface Writing {
        void write(JsonGenerator json) throws IOException;
    }

    static byte[] object(Writing fields) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = WireJson.mapper().createGenerator(out)) {
            json.writeStartObject();
            fields.write(json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
        return out.toByteArray();
    }

    private static void raw(JsonGenerator json, String name, String value) throws IOException {
        json.writeFieldName(name);
        json.writeRawValue(value);
    }

    private static void text(JsonGenerator json, String name, @Nullable Object value)
            throws IOException {
        if (value != null) {
            json.writeStringField(name, value.toString());
        }
    }

    private static void number(JsonGenerator json, String name, @Nullable Long value)
            throws IOException {
        if (value != null) {
            json.writeNumberField(name, value);
        }
    }
}
