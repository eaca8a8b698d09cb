package dev.outrun.api;

import dev.outrun.api.access.Caller;
import dev.outrun.api.hub.Hub;
import dev.outrun.api.hub.Subscription;
import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.Run;
import dev.outrun.ledger.access.Role;
import dev.outrun.schema.run.RunId;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A run's events: read as pages or as a stream, append. */
final class EventRoutes {

    private static final int PAGE_DEFAULT = 1_000;
    private static final int PAGE_MAX = 100_000;

    private final Ledger ledger;
    private final VisibleRuns visible;
    private final Hub hub;
    private final EventStreams streams;
    private final int bodyBytesMax;

    EventRoutes(
            Ledger ledger, VisibleRuns visible, Hub hub, EventStreams streams, int bodyBytesMax) {
        this.ledger = ledger;
        this.visible = visible;
        this.hub = hub;
        this.streams = streams;
        this.bodyBytesMax = bodyBytesMax;
    }

    List<Route> routes() {
        return List.of(
                Route.get("/v1/runs/{id}/events", Role.READER, this::read),
                Route.post("/v1/runs/{id}/events", Role.WRITER, this::append));
    }

    private void read(ServerRequest request, ServerResponse response, Caller caller) {
        try {
            if (EventStreams.areWantedBy(request)) {
                stream(request, response, caller);
            } else {
                page(request, response, caller);
            }
        } catch (InterruptedException e) { // the server stops, or the client does not read
            Thread.currentThread().interrupt();
            throw new CloseConnectionException("interrupted", e);
        }
    }

    private void page(ServerRequest request, ServerResponse response, Caller caller)
            throws InterruptedException {
        Query query = Query.of(request, Set.of("from", "limit", "types"));
        From from = From.parse(query);
        int limit = query.integer("limit", PAGE_DEFAULT, PAGE_MAX);
        TypeFilter filter = TypeFilter.parse(query.text("types"));
        Run run = visible.run(RunRoutes.id(request), caller);
        new EventPage(run, from.seq(run), limit, filter, hub.history()).send(response);
    }

    private void stream(ServerRequest request, ServerResponse response, Caller caller) {
        Query query = Query.of(request, Set.of("from", "types"));
        TypeFilter filter = TypeFilter.parse(query.text("types"));
        String last = EventStreams.lastEventId(request);
        // Where a reconnecting client left off comes before where its URL once began.
        From from =
                last == null ? From.parse(query) : new From(Query.seq("Last-Event-ID", last) + 1);
        Run run = visible.run(RunRoutes.id(request), caller);
        long first = from.seq(run);
        if (run.status().isTerminal() && first >= run.nextSeq()) {
            // The one answer after which an EventSource does not come back.
            response.status(Status.NO_CONTENT_204).send();
            return;
        }
        Subscription subscription = hub.subscribe(run, first);
        throw streams.begin(
                new WhileGood(FilteredDeliveries.of(subscription, filter), caller), response);
    }

    /**
     * Where a reader begins.
     *
     * @param first null is behind what there is
     */
    private record From(@Nullable Long first) {

        static From parse(Query query) {
            String from = query.text("from");
            if (EventStreams.LATEST.equals(from)) {
                return new From(null);
            }
            return new From(from == null ? 0 : Query.seq("'from'", from));
        }

        long seq(Run run) {
            return first == null ? run.nextSeq() : first;
        }
    }

    private void append(ServerRequest request, ServerResponse response, Caller caller) {
        RunId id = RunRoutes.id(request);
        visible.check(id, caller);
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
