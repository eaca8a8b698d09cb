package dev.outrun.api;

import dev.outrun.api.access.Caller;
import dev.outrun.api.hub.Hub;
import dev.outrun.api.hub.Subscription;
import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.StreamState;
import dev.outrun.ledger.access.Role;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The reading half of the Durable Streams protocol: any run's log by the run's id, and a stream's
 * messages by the stream's name. {@link StreamWriteRoutes} is the other.
 */
final class StreamRoutes {

    /** A stream's name may have slashes in it. */
    static final String PATH = "/v1/streams/{+stream}";

    /** Immutable, but a stream of the same name may be another one by then. */
    private static final String CACHED = "private, max-age=60";

    /** To be asked for again, with its entity tag. */
    private static final String NOT_CACHED = "no-cache";

    /** The parameter of whoever waits for what comes. */
    static final String LIVE = "live";

    private static final String LONG_POLL = "long-poll";

    private final Ledger ledger;
    private final VisibleRuns visible;
    private final Hub hub;
    private final EventStreams streams;
    private final InstantSource clock;
    private final Duration longPoll;

    /**
     * @param longPoll how long a reader waits for an answer when there is nothing to read
     */
    StreamRoutes(
            Ledger ledger,
            VisibleRuns visible,
            Hub hub,
            EventStreams streams,
            InstantSource clock,
            Duration longPoll) {
        this.ledger = ledger;
        this.visible = visible;
        this.hub = hub;
        this.streams = streams;
        this.clock = clock;
        this.longPoll = longPoll;
    }

    List<Route> routes() {
        return List.of(
                Route.get(PATH, Role.READER, this::read),
                Route.head(PATH, Role.READER, this::head));
    }

    /** What a path names. */
    static String name(ServerRequest request) {
        return request.path().pathParameters().get("stream");
    }

    /** A name that is a run's id is that run's log; null for a stream's. */
    static @Nullable RunId runOf(String name) {
        try {
            return RunId.parse(name);
        } catch (OutrunException e) {
            return null;
        }
    }

    private StreamView view(ServerRequest request, Caller caller) {
        String name = name(request);
        RunId run = runOf(name);
        return run == null
                ? StreamView.Messages.of(ledger.streams().find(caller.tenant(), name, true))
                : new StreamView.WholeLog(visible.run(run, caller));
    }

    private void head(ServerRequest request, ServerResponse response, Caller caller) {
        String name = name(request);
        RunId run = runOf(name);
        StreamView view;
        if (run == null) {
            StreamState stream = ledger.streams().find(caller.tenant(), name, false);
            view = StreamView.Messages.of(stream);
            if (stream.ttlSeconds() != null) {
                response.header(StreamHeaders.TTL, stream.ttlSeconds().toString());
            } else if (stream.expiresAt() != null) {
                response.header(StreamHeaders.EXPIRES_AT, stream.expiresAt().toString());
            }
        } else {
            view = new StreamView.WholeLog(visible.run(run, caller));
        }
        response.header(HeaderNames.CONTENT_TYPE, view.type().text());
        StreamHeaders.place(response, view.end(), view.isClosed());
        response.send();
    }

    private void read(ServerRequest request, ServerResponse response, Caller caller) {
        String offset = parameter(request, "offset");
        String live = parameter(request, LIVE);
        try {
            if (live == null) {
                page(request, response, caller, offset == null ? StreamOffset.BEGINNING : offset);
            } else if (offset == null) {
                throw Text.invalid("'live' needs an 'offset'");
            } else if (live.equals(LONG_POLL)) {
                longPoll(request, response, caller, offset);
            } else if (live.equals("sse")) {
                stream(request, response, caller, offset);
            } else {
                throw Text.invalid("'live' must be long-poll or sse");
            }
        } catch (InterruptedException e) { // the server stops, or the client does not read
            Thread.currentThread().interrupt();
            throw new CloseConnectionException("interrupted", e);
        }
    }

    /** A parameter given once; others than the known ones are nobody's concern. */
    private static @Nullable String parameter(ServerRequest request, String name) {
        if (!request.query().contains(name)) {
            return null;
        } else if (request.query().all(name).size() > 1) {
            throw Text.invalid("'" + name + "' is given more than once");
        }
        return request.query().get(name);
    }

    private static long seq(StreamView view, String offset) {
        if (offset.equals(StreamOffset.NOW)) {
            return view.end();
        }
        long seq = StreamOffset.parse(offset).seq();
        if (seq > view.end()) {
            throw Text.invalid("'offset' is beyond the end of this stream");
        }
        return seq;
    }

    private void page(ServerRequest request, ServerResponse response, Caller caller, String offset)
            throws InterruptedException {
        StreamView view = view(request, caller);
        StreamPage page = StreamPage.read(view, seq(view, offset), hub.history());
        if (offset.equals(StreamOffset.NOW)) {
            answer(response, page); // its place in the cache would be every moment's
        } else {
            tagged(request, response, page);
        }
    }

    private void tagged(ServerRequest request, ServerResponse response, StreamPage page) {
        response.header(HeaderNames.ETAG, page.entityTag());
        // A name is each tenant's own.
        response.headers().add(HeaderNames.VARY, "Authorization", Caller.TENANT_HEADER);
        boolean settled = !page.upToDate() || page.closed();
        response.header(HeaderNames.CACHE_CONTROL, settled ? CACHED : NOT_CACHED);
        if (isKnown(request, page.entityTag())) {
            place(response, page);
            response.status(Status.NOT_MODIFIED_304).send();
        } else {
            answer(response, page);
        }
    }

    private static boolean isKnown(ServerRequest request, String entityTag) {
        return request.headers().values(HeaderNames.IF_NONE_MATCH).stream()
                .flatMap(tags -> Arrays.stream(tags.split(",", -1)))
                .anyMatch(tag -> tag.trim().equals(entityTag));
    }

    private static void answer(ServerResponse response, StreamPage page) {
        place(response, page);
        Reply.typed(response, page.view().type().text(), page.body());
    }

    private static void place(ServerResponse response, StreamPage page) {
        StreamHeaders.place(response, page.next(), page.closed());
        if (page.upToDate()) {
            StreamHeaders.upToDate(response);
        }
    }

    private void longPoll(
            ServerRequest request, ServerResponse response, Caller caller, String offset)
            throws InterruptedException {
        StreamView view = view(request, caller);
        StreamPage page = StreamPage.read(view, seq(view, offset), hub.history());
        if (page.messages().isEmpty() && !page.closed()) {
            try (Subscription subscription = hub.subscribe(view.run(), page.next())) {
                page = StreamPage.await(view, page.next(), subscription, longPoll);
            }
        }
        if (!page.closed()) {
            response.header(StreamHeaders.CURSOR, cursor(request));
        }
        if (page.messages().isEmpty()) {
            place(response, page);
            response.status(Status.NO_CONTENT_204).send();
        } else {
            tagged(request, response, page);
        }
    }

    private void stream(
            ServerRequest request, ServerResponse response, Caller caller, String offset) {
        StreamView view = view(request, caller);
        long from = seq(view, offset);
        response.header(HeaderNames.CACHE_CONTROL, NOT_CACHED);
        if (!view.type().isText()) {
            response.header(StreamHeaders.SSE_ENCODING, "base64");
        }
        Subscription subscription = hub.subscribe(view.run(), from);
        throw streams.begin(
                new WhileGood(new StreamFrames(subscription, view, from, cursor(request)), caller),
                response);
    }

    private String cursor(ServerRequest request) {
        return StreamCursor.next(
                parameter(request, "cursor"), clock.instant(), ThreadLocalRandom.current());
    }
}
