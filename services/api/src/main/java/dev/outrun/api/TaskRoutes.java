package dev.outrun.api;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonToken;
import dev.outrun.api.access.Caller;
import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.Wake;
import dev.outrun.ledger.access.Role;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.worker.lease.LeasedTask;
import dev.outrun.worker.lease.TaskLeases;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ServerConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Tasks for workers in any language: lease, leave, heartbeat, append, suspend, complete, fail. */
final class TaskRoutes {

    private static final Pattern WORKER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
    private static final Pattern ATTEMPT = Pattern.compile("[1-9][0-9]{0,8}");
    private static final int HANDLERS_MAX = 100;
    private static final long WAIT_MS_DEFAULT = 20_000;
    private static final long WAIT_MS_MAX = 60_000;
    private static final int SMALL_BODY_BYTES_MAX = 64 * 1024;
    private static final int CODE_CHARACTERS_MAX = 128;

    private final Ledger ledger;
    private final VisibleRuns visible;
    private final TaskLeases leases;
    private final int bodyBytesMax;

    TaskRoutes(Ledger ledger, VisibleRuns visible, TaskLeases leases, int bodyBytesMax) {
        this.ledger = ledger;
        this.visible = visible;
        this.leases = leases;
        this.bodyBytesMax = bodyBytesMax;
    }

    List<Route> routes() {
        String attempt = "/v1/tasks/{run}/{attempt}";
        return List.of(
                // A task may be of any tenant's run.
                Route.post("/v1/tasks/lease", Role.WORKER, this::lease).ofEveryTenant().lasting(),
                Route.post("/v1/tasks/leave", Role.WORKER, this::leave).ofEveryTenant(),
                Route.post(attempt + "/heartbeat", Role.WORKER, this::heartbeat),
                Route.post(attempt + "/events", Role.WORKER, this::append),
                Route.post(attempt + "/suspend", Role.WORKER, this::suspend),
                Route.post(attempt + "/complete", Role.WORKER, this::complete),
                Route.post(attempt + "/fail", Role.WORKER, this::fail));
    }

    private void lease(ServerRequest request, ServerResponse response, Caller caller)
            throws IOException {
        JsonObject body = JsonObject.parse(Body.read(request, SMALL_BODY_BYTES_MAX));
        body.allow(Set.of("worker", "handlers", "wait_ms"));
        String worker = worker(body);
        List<String> handlers = body.strings("handlers", HANDLERS_MAX);
        if (handlers == null || handlers.isEmpty()) {
            throw Text.invalid("'handlers' is missing");
        }
        handlers.forEach(Text::handler);
        Long waitMs = body.integer("wait_ms", 0, WAIT_MS_MAX);
        Duration wait = Duration.ofMillis(waitMs == null ? WAIT_MS_DEFAULT : waitMs);
        LeaseAnswer answer = new LeaseAnswer(response);
        Optional<LeasedTask> leased;
        try {
            leased = leases.lease(worker, handlers, wait, answer::look);
        } catch (InterruptedException e) { // the server stops
            throw gone(e);
        } catch (IOException | ServerConnectionException e) {
            throw new CloseConnectionException("the client is gone", e);
        }
        try {
            answer.send(json(leased));
        } catch (IOException | ServerConnectionException e) {
            leased.ifPresent(leases::handBack);
            throw new CloseConnectionException("the client is gone", e);
        }
    }

    private record Left(int ended) {}

    private void leave(ServerRequest request, ServerResponse response, Caller caller) {
        JsonObject body = JsonObject.parse(Body.read(request, SMALL_BODY_BYTES_MAX));
        body.allow(Set.of("worker"));
        Reply.json(response, WireJson.write(new Left(leases.leave(worker(body)))));
    }

    private static String worker(JsonObject body) {
        String worker = body.string("worker");
        if (worker == null || !WORKER.matcher(worker).matches()) {
            throw Text.invalid(
                    "'worker' must be 1 to 63 letters, digits and . _ -, the first a letter or"
                            + " digit");
        }
        return worker;
    }

    private static byte[] json(Optional<LeasedTask> leased) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = WireJson.mapper().createGenerator(out)) {
            json.writeStartObject();
            json.writeArrayFieldStart("tasks");
            if (leased.isPresent()) {
                write(json, leased.get());
            }
            json.writeEndArray();
            json.writeNumberField("heartbeat_ms", TaskLeases.HEARTBEAT_EVERY.toMillis());
            json.writeEndObject();
        }
        return out.toByteArray();
    }

    private static void write(JsonGenerator json, LeasedTask task) throws IOException {
        json.writeStartObject();
        json.writeStringField("run", task.run().toString());
        json.writeNumberField("attempt", task.attempt());
        json.writeStringField("tenant", task.claim().tenant());
        json.writeStringField("queue", task.claim().queue());
        json.writeStringField("handler", task.claim().handler());
        json.writeNumberField("next_seq", task.claim().nextSeq());
        json.writeFieldName("input");
        json.writeRawValue(task.claim().input());
        json.writeEndObject();
    }

    private record Stops(boolean cancelRequested) {}

    private void heartbeat(ServerRequest request, ServerResponse response, Caller caller) {
        RunId run = run(request, caller);
        int attempt = attempt(request);
        Body.read(request, SMALL_BODY_BYTES_MAX);
        try {
            boolean stops = leases.heartbeat(run, attempt).cancelRequested();
            Reply.json(response, WireJson.write(new Stops(stops)));
        } catch (InterruptedException e) { // the server stops
            throw gone(e);
        }
    }

    private void append(ServerRequest request, ServerResponse response, Caller caller) {
        RunId run = run(request, caller);
        int attempt = attempt(request);
        JsonObject body = JsonObject.parse(Body.read(request, bodyBytesMax));
        body.allow(body.has("events") ? Set.of("events") : Set.of("type", "data"));
        AppendRequest append = AppendRequest.read(body);
        long first = ledger.append(run, attempt, append.events());
        leases.lives(run, attempt);
        response.status(Status.CREATED_201);
        Reply.json(response, append.answer(first));
    }

    private record Suspended(boolean suspended) {}

    private void suspend(ServerRequest request, ServerResponse response, Caller caller) {
        RunId run = run(request, caller);
        int attempt = attempt(request);
        JsonObject body = JsonObject.parse(Body.read(request, SMALL_BODY_BYTES_MAX));
        body.allow(Set.of("until", "signal", "children", "next_seq"));
        String signal = body.string("signal");
        Wake wake =
                new Wake(
                        body.time("until"),
                        signal == null ? null : Text.signal(signal),
                        body.string("children"));
        Long nextSeq = body.integer("next_seq", 0, Long.MAX_VALUE);
        boolean done = ledger.suspend(run, attempt, wake, nextSeq);
        Reply.json(response, WireJson.write(new Suspended(done)));
    }

    private record Completed(long seq) {}

    private void complete(ServerRequest request, ServerResponse response, Caller caller) {
        RunId run = run(request, caller);
        int attempt = attempt(request);
        JsonObject body = JsonObject.parse(Body.read(request, bodyBytesMax));
        body.allow(Set.of("output", "events"));
        String events = body.has("events") ? AppendRequest.many(body).events() : null;
        long seq = ledger.complete(run, attempt, body.json("output"), events);
        Reply.json(response, WireJson.write(new Completed(seq)));
    }

    private void fail(ServerRequest request, ServerResponse response, Caller caller) {
        RunId run = run(request, caller);
        int attempt = attempt(request);
        JsonObject body = JsonObject.parse(Body.read(request, bodyBytesMax));
        body.allow(Set.of("error", "retryable"));
        Boolean retryable = body.bool("retryable");
        RunStatus status = ledger.fail(run, attempt, error(body), retryable == null || retryable);
        Reply.json(response, WireJson.write(Map.of("status", status.text())));
    }

    /** What the retry policy and people look at: an object with a code. */
    private static String error(JsonObject body) {
        JsonObject.Value error = body.value("error");
        if (error == null || error.token() != JsonToken.START_OBJECT) {
            throw Text.invalid("'error' must be an object");
        }
        JsonObject fields = JsonObject.parse(error.json());
        String code = fields.string("code");
        if (code == null) {
            throw Text.invalid("'error' must have a 'code'");
        }
        Text.atMost("code", code, CODE_CHARACTERS_MAX);
        fields.string("message");
        return error.json();
    }

    private RunId run(ServerRequest request, Caller caller) {
        RunId run = RunId.parse(request.path().pathParameters().get("run"));
        visible.check(run, caller);
        return run;
    }

    private static int attempt(ServerRequest request) {
        String attempt = request.path().pathParameters().get("attempt");
        if (!ATTEMPT.matcher(attempt).matches()) {
            throw Text.invalid("an attempt must be a whole number from 1 on");
        }
        return Integer.parseInt(attempt);
    }

    private static CloseConnectionException gone(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new CloseConnectionException("interrupted", e);
    }
}
