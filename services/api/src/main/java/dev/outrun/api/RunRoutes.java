package dev.outrun.api;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.outrun.api.access.Caller;
import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.Run;
import dev.outrun.ledger.RunQuery;
import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.access.Role;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Runs: start, list, show, cancel, signal, resume, fork, redrive, resolve. */
final class RunRoutes {

    private static final HeaderName IDEMPOTENCY_KEY = HeaderNames.create("Idempotency-Key");
    private static final Set<String> LIST_PARAMETERS =
            Set.of("status", "handler", "queue", "parent", "schedule", "limit", "cursor");
    private static final int LIST_DEFAULT = 50;
    private static final int LIST_MAX = 500;

    /** Runs asked for at once: each may have an input and an output of 1 MiB. */
    private static final int LIST_CHUNK = 25;

    private static final int SMALL_BODY_BYTES_MAX = 64 * 1024;
    private static final int REASON_CHARACTERS_MAX = 1_000;

    private final Ledger ledger;
    private final VisibleRuns visible;
    private final NewIds ids;
    private final InstantSource clock;
    private final int startBodyBytesMax;

    RunRoutes(
            Ledger ledger,
            VisibleRuns visible,
            NewIds ids,
            InstantSource clock,
            int startBodyBytesMax) {
        this.ledger = ledger;
        this.visible = visible;
        this.ids = ids;
        this.clock = clock;
        this.startBodyBytesMax = startBodyBytesMax;
    }

    List<Route> routes() {
        return List.of(
                Route.post("/v1/runs", Role.WRITER, this::start),
                Route.get("/v1/runs", Role.READER, this::list),
                Route.post("/v1/flows", Role.WRITER, this::startFlow),
                Route.get("/v1/runs/{id}", Role.READER, this::show),
                Route.post("/v1/runs/{id}/cancel", Role.WRITER, this::cancel),
                Route.post("/v1/runs/{id}/signals/{name}", Role.WRITER, this::signal),
                Route.post("/v1/runs/{id}/resume", Role.WRITER, this::resume),
                Route.post("/v1/runs/{id}/fork", Role.WRITER, this::fork),
                Route.post("/v1/runs/{id}/redrive", Role.WRITER, this::redrive),
                Route.post("/v1/runs/{id}/resolve", Role.ADMIN, this::resolve));
    }

    private void start(ServerRequest request, ServerResponse response, Caller caller) {
        Tenant tenant = caller.tenant();
        StartRun start =
                StartRequest.read(
                        JsonObject.parse(Body.read(request, startBodyBytesMax)),
                        request.headers().first(IDEMPOTENCY_KEY).orElse(null),
                        clock);
        StartRun.Child child = start.child();
        if (child != null) {
            visible.check(child.parent(), caller);
        }
        RunId minted;
        try {
            minted = ids.take(tenant, start.queue());
        } catch (OutrunException refusal) {
            started(response, caller, Status.OK_200, startedBefore(start, tenant, refusal));
            return;
        }
        RunId id =
                ids.useOrGiveBack(
                        tenant,
                        start.queue(),
                        minted,
                        () -> ledger.start(start.toBuilder().id(minted).tenant(tenant).build()));
        started(response, caller, id.equals(minted) ? Status.CREATED_201 : Status.OK_200, id);
    }

    private void startFlow(ServerRequest request, ServerResponse response, Caller caller) {
        String flow = Body.read(request, startBodyBytesMax);
        JsonObject.parse(flow);
        Tenant tenant = caller.tenant();
        ids.check(tenant);
        RunId root = ledger.startFlow(tenant, flow == null ? "null" : flow);
        started(response, caller, Status.CREATED_201, root);
    }

    private void started(ServerResponse response, Caller caller, Status status, RunId id) {
        response.status(status);
        response.header(HeaderNames.LOCATION, "/v1/runs/" + id);
        Reply.json(response, RunJson.whole(visible.run(id, caller)));
    }

    /** Where none may be added: the run with the same key, which needs nothing new. */
    private RunId startedBefore(StartRun start, Tenant tenant, OutrunException refusal) {
        String key = start.idempotencyKey();
        if (key == null || refusal.code() != ErrorCode.TOO_MANY_RUNS) {
            throw refusal;
        }
        return ledger.runWithKey(tenant, key).orElseThrow(() -> refusal);
    }

    private void fork(ServerRequest request, ServerResponse response, Caller caller) {
        RunId source = id(request);
        JsonObject body = JsonObject.parse(Body.read(request, SMALL_BODY_BYTES_MAX));
        body.allow(Set.of("at"));
        Long at = body.integer("at", 1, Long.MAX_VALUE);
        if (at == null) {
            throw Text.invalid("'at' is missing");
        }
        Run run = visible.run(source, caller);
        RunId minted = ids.take(run.tenant(), run.queue());
        RunId id =
                ids.useOrGiveBack(
                        run.tenant(), run.queue(), minted, () -> ledger.fork(source, at, minted));
        started(response, caller, Status.CREATED_201, id);
    }

    private void redrive(ServerRequest request, ServerResponse response, Caller caller) {
        RunId failed = id(request);
        Run run = visible.run(failed, caller);
        RunId minted = ids.take(run.tenant(), run.queue());
        RunId id =
                ids.useOrGiveBack(
                        run.tenant(),
                        run.queue(),
                        minted,
                        () ->
                                ledger.redrive(failed, minted)
                                        .orElseThrow(() ->
                                                Text.invalid("run " + failed + " has not failed")));
        started(response, caller, id.equals(minted) ? Status.CREATED_201 : Status.OK_200, id);
    }

    private void show(ServerRequest request, ServerResponse response, Caller caller) {
        Query.of(request, Set.of());
        Reply.json(response, RunJson.whole(visible.run(id(request), caller)));
    }

    private void cancel(ServerRequest request, ServerResponse response, Caller caller) {
        RunId id = id(request);
        visible.check(id, caller);
        RunStatus status = ledger.cancel(id, reason(Body.read(request, SMALL_BODY_BYTES_MAX)));
        response.status(status.isTerminal() ? Status.OK_200 : Status.ACCEPTED_202);
        Reply.json(response, RunJson.whole(visible.run(id, caller)));
    }

    private void signal(ServerRequest request, ServerResponse response, Caller caller) {
        visible.check(id(request), caller);
        String name = Text.signal(request.path().pathParameters().get("name"));
        String data = Body.read(request, startBodyBytesMax);
        long seq = ledger.signal(id(request), name, data == null ? "null" : data);
        Reply.json(response, WireJson.write(new Signalled(seq)));
    }

    private record Signalled(long seq) {}

    private void resume(ServerRequest request, ServerResponse response, Caller caller) {
        RunId id = id(request);
        visible.check(id, caller);
        ledger.resume(id);
        Reply.json(response, RunJson.whole(visible.run(id, caller)));
    }

    private void resolve(ServerRequest request, ServerResponse response, Caller caller) {
        RunId id = id(request);
        visible.check(id, caller);
        ledger.resolve(id);
        Reply.json(response, RunJson.whole(visible.run(id, caller)));
    }

    private static @Nullable String reason(@Nullable String body) {
        if (body == null) {
            return null;
        }
        JsonObject fields = JsonObject.parse(body);
        fields.allow(Set.of("reason"));
        String reason = fields.string("reason");
        return reason == null ? null : Text.atMost("reason", reason, REASON_CHARACTERS_MAX);
    }

    private void list(ServerRequest request, ServerResponse response, Caller caller)
            throws IOException {
        Query query = Query.of(request, LIST_PARAMETERS);
        String cursor = query.text("cursor");
        RunQuery.Place before = cursor == null ? null : Cursor.read(cursor);
        RunStatus status = status(query.text("status"));
        String parentText = query.text("parent");
        RunId parent = parentText == null ? null : RunId.parse(parentText);
        int left = query.integer("limit", LIST_DEFAULT, LIST_MAX);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = WireJson.mapper().createGenerator(out)) {
            json.writeStartObject();
            json.writeArrayFieldStart("runs");
            boolean more = true;
            while (more && left > 0) {
                int asked = Math.min(left, LIST_CHUNK) + 1; // one more shows whether more follow
                List<Run> runs =
                        ledger.runs(
                                new RunQuery(
                                        caller.tenant(),
                                        status,
                                        query.text("handler"),
                                        query.text("queue"),
                                        parent,
                                        query.text("schedule"),
                                        before,
                                        asked));
                more = runs.size() == asked;
                for (Run run : more ? runs.subList(0, asked - 1) : runs) {
                    RunJson.listed(json, run);
                    before = Cursor.placeOf(run);
                    left--;
                }
            }
            json.writeEndArray();
            json.writeStringField("next", more && before != null ? Cursor.write(before) : null);
            json.writeEndObject();
        }
        Reply.json(response, out.toByteArray());
    }

    private static @Nullable RunStatus status(@Nullable String text) {
        try {
            return text == null ? null : RunStatus.of(text);
        } catch (IllegalArgumentException e) {
            throw Text.invalid(
                    "'status' must be queued, running, retrying, suspended, completed, failed or"
                            + " cancelled");
        }
    }

    /** The id in the path. */
    static RunId id(ServerRequest request) {
        return RunId.parse(request.path().pathParameters().get("id"));
    }
}
