package dev.outrun.api;

import dev.outrun.api.hub.Hub;
import dev.outrun.api.hub.Subscription;
import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.Run;
import dev.outrun.schema.run.RunId;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;
import java.util.Set;

/** A run's events: read as pages or as a stream, append. */
final class EventRoutes {

    private static final HeaderName LAST_EVENT_ID = HeaderNames.create("Last-Event-ID");
    static final HeaderName PROXY_BUFFERING = HeaderNames.create("X-Accel-Buffering");
    static final String EVENT_STREAM = "text/event-stream";
    private static final int PAGE_DEFAULT = 1_000;
    private static final int PAGE_MAX = 100_000;

    private final Ledger ledger;
    private final Hub hub;
    private final EventStreams streams;
    private final int bodyBytesMax;

    EventRoutes(Ledger ledger, Hub hub, EventStreams streams, int bodyBytesMax) {
        this.ledger = ledger;
        this.hub = hub;
        this.streams = streams;
        this.bodyBytesMax = bodyBytesMax;
    }

    List<Route> routes() {
        return List.of(
                Route.get("/v1/runs/{id}/events", this::read),
                Route.post("/v1/runs/{id}/events", this::append));
    }

    private void read(ServerRequest request, ServerResponse response) {
        try {
            if (wantsStream(request)) {
                stream(request, response);
            } else {
                page(request, response);
            }
        } catch (InterruptedException e) { // the server stops, or the client does not read
            Thread.currentThread().interrupt();
            throw new CloseConnectionException("interrupted", e);
        }
    }

    private void page(ServerRequest request, ServerResponse response) throws InterruptedException {
        Query query = Query.of(request, Set.of("from", "limit"));
        String from = query.text("from");
        long first = from == null ? 0 : Query.seq("'from'", from);
        int limit = query.integer("limit", PAGE_DEFAULT, PAGE_MAX);
        Run run = RunRoutes.run(ledger, RunRoutes.id(request));
        new EventPage(run, first, limit, hub.history()).send(response);
    }

    private void stream(ServerRequest request, ServerResponse response)
            throws InterruptedException {
        Query query = Query.of(request, Set.of("from"));
        long first = firstSeq(request, query);
        Run run = RunRoutes.run(ledger, RunRoutes.id(request));
        if (run.status().isTerminal() && first >= run.nextSeq()) {
            // The one answer after which an EventSource does not come back.
            response.status(Status.NO_CONTENT_204).send();
            return;
        }
        try (Subscription subscription = hub.subscribe(run, first)) {
            response.header(HeaderNames.CONTENT_TYPE, EVENT_STREAM);
            response.header(PROXY_BUFFERING, "no");
            streams.serve(subscription, response);
        }
    }

    /** Where a reconnecting client left off comes before where its URL once began. */
    private static long firstSeq(ServerRequest request, Query query) {
        String last = request.headers().first(LAST_EVENT_ID).orElse("").trim();
        if (!last.isEmpty()) {
            return Query.seq("Last-Event-ID", last) + 1;
        }
        String from = query.text("from");
        return from == null ? 0 : Query.seq("'from'", from);
    }

    /** Whether the caller asks for an event stream. */
    static boolean wantsStream(ServerRequest request) {
        for (String accept : request.headers().values(HeaderNames.ACCEPT)) {
            for (String range : accept.split(",", -1)) {
                if (range.split(";", 2)[0].trim().equalsIgnoreCase(EVENT_STREAM)) {
                    return true;
                }
            }
        }
        return false;
    }

    private void append(ServerRequest request, ServerResponse response) {
        RunId id = RunRoutes.id(request);
        JsonObject body = JsonObject.parse(Body.read(request, bodyBytesMax));
        boolean many = body.has("events");
        body.allow(many ? Set.of("events", "attempt") : Set.of("type", "data", "attempt"));
        Long attempt = body.integer("attempt", 0, Integer.MAX_VALUE);
        AppendRequest append = AppendRequest.read(body);
        long first =
                ledger.append(id, attempt == null ? null : attempt.intValue(), append.events());
        response.status(Status.CREATED_201);
        Reply.json(response, append.answer(first));
    }
}
