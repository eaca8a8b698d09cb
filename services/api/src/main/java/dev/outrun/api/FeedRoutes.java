package dev.outrun.api;

import dev.outrun.api.access.Caller;
import dev.outrun.api.hub.FirehosePlace;
import dev.outrun.api.hub.FirehoseQuery;
import dev.outrun.api.hub.FirehoseSubscription;
import dev.outrun.api.hub.Hub;
import dev.outrun.api.hub.MergedSubscription;
import dev.outrun.ledger.Run;
import dev.outrun.ledger.access.Role;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Feeds: several runs' events in one stream, of runs that are named, or of all there are. */
final class FeedRoutes {

    /** Runs that are named: an event's id says of each how far it is. */
    private static final int RUNS_MAX = 100;

    private final VisibleRuns visible;
    private final Hub hub;
    private final EventStreams streams;

    FeedRoutes(VisibleRuns visible, Hub hub, EventStreams streams) {
        this.visible = visible;
        this.hub = hub;
        this.streams = streams;
    }

    List<Route> routes() {
        return List.of(Route.get("/v1/events", Role.READER, this::read).lasting());
    }

    private void read(ServerRequest request, ServerResponse response, Caller caller) {
        Query query = Query.of(request, Set.of("runs", "queue", "handler", "from", "types"));
        String last = EventStreams.lastEventId(request);
        String from = last == null ? query.text("from") : last;
        String runs = query.text("runs");
        if (runs == null) {
            all(query, from, caller, response);
        } else {
            some(runs(runs), query, from, caller, response);
        }
    }

    private void some(
            List<RunId> ids,
            Query query,
            @Nullable String place,
            Caller caller,
            ServerResponse response) {
        if (query.text("queue") != null || query.text("handler") != null) {
            throw Text.invalid("'runs' excludes 'queue' and 'handler'");
        }
        TypeFilter filter = TypeFilter.parse(query.text("types"));
        List<Long> given = seqs(place, ids.size());
        List<Run> runs = ids.stream().map(id -> visible.run(id, caller)).toList();
        List<Long> from = given == null ? runs.stream().map(Run::nextSeq).toList() : given;
        if (areOver(runs, from)) {
            // The one answer after which an EventSource does not come back.
            response.status(Status.NO_CONTENT_204).send();
            return;
        }
        MergedSubscription subscription = hub.subscribe(runs, from);
        throw streams.begin(
                new WhileGood(FilteredDeliveries.of(subscription, filter), caller), response);
    }

    private static boolean areOver(List<Run> runs, List<Long> from) {
        boolean over = true;
        for (int i = 0; i < runs.size(); i++) {
            Run run = runs.get(i);
            over &= run.status().isTerminal() && from.get(i) >= run.nextSeq();
        }
        return over;
    }

    private static List<RunId> runs(String text) {
        String[] ids = text.split(",", -1);
        if (ids.length > RUNS_MAX) {
            throw Text.invalid("'runs' must be 1 to " + RUNS_MAX + " ids with commas between them");
        }
        List<RunId> runs = Arrays.stream(ids).map(RunId::parse).toList();
        if (Set.copyOf(runs).size() < runs.size()) {
            throw Text.invalid("'runs' has one of them twice");
        }
        return runs;
    }

    /** The next seq of each run; null is behind what there is. */
    private static @Nullable List<Long> seqs(@Nullable String place, int runs) {
        if (place == null) {
            return Collections.nCopies(runs, 0L);
        } else if (place.equals(EventStreams.LATEST)) {
            return null;
        }
        String[] seqs = place.split(",", -1);
        if (seqs.length != runs) {
            throw new OutrunException(
                    ErrorCode.INVALID_SEQ, "a place in " + runs + " runs must have as many seqs");
        }
        return Arrays.stream(seqs).map(seq -> Query.seq("each", seq)).toList();
    }

    private void all(Query query, @Nullable String place, Caller caller, ServerResponse response) {
        TypeFilter filter = TypeFilter.parse(query.text("types"));
        String queue = query.text("queue");
        String handler = query.text("handler");
        FirehoseQuery wanted =
                new FirehoseQuery(
                        caller.tenant(),
                        queue == null ? null : Text.queue(queue),
                        handler == null ? null : Text.handler(handler));
        FirehosePlace from = FirehosePlace.parse(place == null ? EventStreams.LATEST : place);
        FirehoseSubscription subscription = hub.subscribe(wanted, from);
        throw streams.begin(
                new WhileGood(FilteredDeliveries.of(subscription, filter), caller), response);
    }
}
