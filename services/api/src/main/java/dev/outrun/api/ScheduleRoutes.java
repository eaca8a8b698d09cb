package dev.outrun.api;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.outrun.api.access.Caller;
import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.ScheduleState;
import dev.outrun.ledger.access.Role;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;

/** Schedules: list, show, put, pause, resume, trigger, delete. */
final class ScheduleRoutes {

    private static final Set<String> FIELDS =
            Set.of("cron", "time_zone", "every_ms", "starts_at", "ends_at", "catch_up", "run");
    private static final int LIST_DEFAULT = 50;
    private static final int LIST_MAX = 500;

    private final Ledger ledger;
    private final VisibleRuns visible;
    private final InstantSource clock;
    private final int bodyBytesMax;

    ScheduleRoutes(Ledger ledger, VisibleRuns visible, InstantSource clock, int bodyBytesMax) {
        this.ledger = ledger;
        this.visible = visible;
        this.clock = clock;
        this.bodyBytesMax = bodyBytesMax;
    }

    List<Route> routes() {
        return List.of(
                Route.get("/v1/schedules", Role.READER, this::list),
                Route.get("/v1/schedules/{schedule}", Role.READER, this::show),
                Route.put("/v1/schedules/{schedule}", Role.WRITER, this::put),
                Route.delete("/v1/schedules/{schedule}", Role.WRITER, this::delete),
                Route.post("/v1/schedules/{schedule}/pause", Role.WRITER, this::pause),
                Route.post("/v1/schedules/{schedule}/resume", Role.WRITER, this::resume),
                Route.post("/v1/schedules/{schedule}/trigger", Role.WRITER, this::trigger));
    }

    private void list(ServerRequest request, ServerResponse response, Caller caller)
            throws IOException {
        Query query = Query.of(request, Set.of("cursor", "limit"));
        String after = query.text("cursor");
        int limit = query.integer("limit", LIST_DEFAULT, LIST_MAX);
        List<ScheduleState> found =
                ledger.schedules(
                        caller.tenant(), after == null ? null : Text.schedule(after), limit + 1);
        boolean more = found.size() > limit;
        List<ScheduleState> page = more ? found.subList(0, limit) : found;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = WireJson.mapper().createGenerator(out)) {
            json.writeStartObject();
            json.writeArrayFieldStart("schedules");
            for (ScheduleState schedule : page) {
                ScheduleJson.listed(json, schedule, clock.instant());
            }
            json.writeEndArray();
            json.writeStringField("next", more ? page.getLast().settings().schedule() : null);
            json.writeEndObject();
        }
        Reply.json(response, out.toByteArray());
    }

    private void show(ServerRequest request, ServerResponse response, Caller caller) {
        Query.of(request, Set.of());
        reply(response, caller, name(request));
    }

    private void put(ServerRequest request, ServerResponse response, Caller caller) {
        String name = name(request);
        String body = Body.read(request, bodyBytesMax);
        JsonObject fields = JsonObject.parse(body);
        fields.allow(FIELDS);
        fields.string("cron");
        fields.string("time_zone");
        fields.time("starts_at");
        fields.time("ends_at");
        fields.string("catch_up");
        JsonObject.Value run = fields.value("run");
        if (run != null) {
            JsonObject.parse(run.json());
        }
        ledger.putSchedule(caller.tenant(), name, body == null ? "null" : body);
        reply(response, caller, name);
    }

    private void delete(ServerRequest request, ServerResponse response, Caller caller) {
        ledger.deleteSchedule(caller.tenant(), name(request));
        response.status(Status.NO_CONTENT_204).send();
    }

    private void pause(ServerRequest request, ServerResponse response, Caller caller) {
        ledger.pauseSchedule(caller.tenant(), name(request));
        reply(response, caller, name(request));
    }

    private void resume(ServerRequest request, ServerResponse response, Caller caller) {
        ledger.resumeSchedule(caller.tenant(), name(request));
        reply(response, caller, name(request));
    }

    private void trigger(ServerRequest request, ServerResponse response, Caller caller) {
        RunId run = ledger.triggerSchedule(caller.tenant(), name(request));
        response.status(Status.CREATED_201);
        response.header(HeaderNames.LOCATION, "/v1/runs/" + run);
        Reply.json(response, RunJson.whole(visible.run(run, caller)));
    }

    private void reply(ServerResponse response, Caller caller, String name) {
        ScheduleState schedule =
                ledger.schedule(caller.tenant(), name)
                        .orElseThrow(() ->
                                new OutrunException(
                                        ErrorCode.UNKNOWN_SCHEDULE, "unknown schedule " + name));
        Reply.json(response, ScheduleJson.whole(schedule, clock.instant()));
    }

    private static String name(ServerRequest request) {
        return Text.schedule(request.path().pathParameters().get("schedule"));
    }
}
