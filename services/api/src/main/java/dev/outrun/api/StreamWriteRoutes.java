package dev.outrun.api;

import dev.outrun.api.access.Caller;
import dev.outrun.ledger.MadeStream;
import dev.outrun.ledger.NewStream;
import dev.outrun.ledger.StreamAnswer;
import dev.outrun.ledger.StreamAnswer.Outcome;
import dev.outrun.ledger.StreamAppend;
import dev.outrun.ledger.StreamEvents;
import dev.outrun.ledger.StreamLedger;
import dev.outrun.ledger.access.Role;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import io.helidon.common.uri.UriInfo;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The writing half of the Durable Streams protocol: streams are made, appended to, closed and
 * deleted by their names. A run's log under the run's id is only read.
 */
final class StreamWriteRoutes {

    /** Of whole numbers in headers: no sign, no leading zero, no fraction. */
    private static final Pattern NUMBER = Pattern.compile("0|[1-9][0-9]{0,15}");

    /** What a JavaScript client can count to. */
    private static final long NUMBER_MAX = (1L << 53) - 1;

    private static final String ROOT = "/v1/streams/";

    /** Names below it are the protocol's own; nothing of it is here. */
    private static final String RESERVED = "__ds";

    private static final String DEFAULT_TYPE = "application/octet-stream";

    private final StreamLedger streams;
    private final NewIds ids;
    private final int bodyBytesMax;

    StreamWriteRoutes(StreamLedger streams, NewIds ids, int bodyBytesMax) {
        this.streams = streams;
        this.ids = ids;
        this.bodyBytesMax = bodyBytesMax;
    }

    List<Route> routes() {
        return List.of(
                Route.put(StreamRoutes.PATH, Role.WRITER, this::create),
                Route.post(StreamRoutes.PATH, Role.WRITER, this::append),
                Route.delete(StreamRoutes.PATH, Role.WRITER, this::delete));
    }

    private static String name(ServerRequest request, ServerResponse response) {
        String name = Text.stream(StreamRoutes.name(request));
        if (StreamRoutes.runOf(name) != null) {
            response.header(HeaderNames.ALLOW, "GET, HEAD");
            throw new OutrunException(
                    ErrorCode.METHOD_NOT_ALLOWED, "a run's log is only read here, by its id");
        } else if (name.equals(RESERVED) || name.startsWith(RESERVED + '/')) {
            throw new OutrunException(ErrorCode.NOT_FOUND, "there are no subscriptions here");
        }
        return name;
    }

    private void create(ServerRequest request, ServerResponse response, Caller caller) {
        String name = name(request, response);
        Tenant tenant = caller.tenant();
        String type = StreamHeaders.get(request, HeaderNames.CONTENT_TYPE);
        NewStream.Fork fork = fork(request);
        byte[] body = Body.readBytes(request, bodyBytesMax);
        String events =
                body.length == 0
                        ? null
                        : new StreamType(type == null ? DEFAULT_TYPE : type).events(body);
        Long ttl = number(request, StreamHeaders.TTL);
        Instant expiresAt = time(request);
        if (ttl != null && expiresAt != null) {
            throw Text.invalid("'Stream-TTL' and 'Stream-Expires-At' are both given");
        }
        RunId minted = ids.take(tenant, StreamEvents.QUEUE);
        NewStream stream =
                new NewStream(
                        tenant,
                        name,
                        minted,
                        type,
                        ttl,
                        expiresAt,
                        events,
                        StreamHeaders.closes(request),
                        fork);
        MadeStream made =
                ids.useOrGiveBack(
                        tenant,
                        StreamEvents.QUEUE,
                        minted,
                        () -> streams.create(stream),
                        answer ->
                                answer instanceof MadeStream.Made there
                                        && there.run().equals(minted));
        switch (made) {
            case MadeStream.Conflict conflict ->
                    throw conflict("a stream of this name was made otherwise, or is gone");
            case MadeStream.Made there -> created(request, response, there, stream.closed());
        }
    }

    private static void created(
            ServerRequest request,
            ServerResponse response,
            MadeStream.Made stream,
            boolean closed) {
        if (stream.created()) {
            UriInfo uri = request.requestedUri();
            response.status(Status.CREATED_201);
            response.header(
                    HeaderNames.LOCATION,
                    uri.scheme()
                            + "://"
                            + uri.authority()
                            + request.prologue().uriPath().rawPath());
        }
        response.header(HeaderNames.CONTENT_TYPE, stream.contentType());
        StreamHeaders.place(response, stream.end(), closed);
        response.send();
    }

    private static NewStream.@Nullable Fork fork(ServerRequest request) {
        String from = StreamHeaders.get(request, StreamHeaders.FORKED_FROM);
        String at = StreamHeaders.get(request, StreamHeaders.FORK_OFFSET);
        Long more = number(request, StreamHeaders.FORK_SUB_OFFSET);
        if (from == null) {
            if (at != null || more != null) {
                throw Text.invalid("a fork's offset needs 'Stream-Forked-From'");
            }
            return null;
        }
        return new NewStream.Fork(
                sourceName(from),
                at == null ? null : (Long) StreamOffset.parse(at).seq(),
                more == null ? 0 : more);
    }

    /** From a stream's path, or its path below the streams' own. */
    private static String sourceName(String path) {
        String name;
        try {
            // A plus sign is one in a path.
            String plain = path.replace("+", "%2B");
            name = URLDecoder.decode(plain, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw Text.invalid("'Stream-Forked-From' is not a path");
        }
        if (name.startsWith(ROOT)) {
            return Text.stream(name.substring(ROOT.length()));
        }
        return Text.stream(name.startsWith("/") ? name.substring(1) : name);
    }

    private void append(ServerRequest request, ServerResponse response, Caller caller) {
        String name = name(request, response);
        StreamAppend.Producer producer = producer(request);
        boolean closing = StreamHeaders.closes(request);
        byte[] body = Body.readBytes(request, bodyBytesMax);
        String type = body.length == 0 ? null : contentType(request);
        if (body.length == 0 && !closing) {
            throw Text.invalid("the body is empty, and the stream is not to be closed");
        }
        String events = type == null ? null : new StreamType(type).events(body);
        if (type != null && events == null) {
            throw Text.invalid("the body is an array of nothing");
        }
        StreamAppend append =
                new StreamAppend(
                        caller.tenant(),
                        name,
                        type,
                        events,
                        closing,
                        producer,
                        StreamHeaders.get(request, StreamHeaders.WRITER_SEQ));
        answer(response, append, streams.append(append));
    }

    private static String contentType(ServerRequest request) {
        String type = StreamHeaders.get(request, HeaderNames.CONTENT_TYPE);
        if (type == null) {
            throw Text.invalid("'Content-Type' is missing");
        }
        return type;
    }

    private static void answer(ServerResponse response, StreamAppend append, StreamAnswer answer) {
        if (answer.epoch() != null) {
            response.header(StreamHeaders.PRODUCER_EPOCH, answer.epoch().toString());
        }
        switch (answer.outcome()) {
            case APPENDED, DUPLICATE -> {
                StreamHeaders.place(response, answer.end(), answer.closed());
                if (answer.seq() != null) {
                    response.header(StreamHeaders.PRODUCER_SEQ, answer.seq().toString());
                }
                boolean news =
                        answer.outcome() == Outcome.APPENDED
                                && append.producer() != null
                                && append.events() != null;
                response.status(news ? Status.OK_200 : Status.NO_CONTENT_204).send();
            }
            case CLOSED -> {
                StreamHeaders.place(response, answer.end(), true);
                throw new OutrunException(ErrorCode.RUN_CLOSED, "the stream is closed");
            }
            case OTHER_TYPE -> throw conflict("the stream's content type is another");
            case STALE_SEQ -> throw conflict("'Stream-Seq' is not greater than the last");
            case STALE_PRODUCER ->
                    throw new OutrunException(
                            ErrorCode.STALE_PRODUCER, "the producer has begun a later epoch");
            case GAP -> {
                expect(response, append, answer);
                throw conflict("appends of the producer's are missing before this one");
            }
            case NO_BEGINNING -> throw Text.invalid("a producer's new epoch begins with seq 0");
        }
    }

    private static void expect(ServerResponse response, StreamAppend append, StreamAnswer answer) {
        StreamAppend.Producer producer = append.producer();
        long expected = answer.seq() == null ? 0 : answer.seq() + 1;
        response.header(StreamHeaders.PRODUCER_EXPECTED, Long.toString(expected));
        if (producer != null) {
            response.header(StreamHeaders.PRODUCER_RECEIVED, Long.toString(producer.seq()));
        }
    }

    private static StreamAppend.@Nullable Producer producer(ServerRequest request) {
        String id = StreamHeaders.get(request, StreamHeaders.PRODUCER_ID);
        Long epoch = number(request, StreamHeaders.PRODUCER_EPOCH);
        Long seq = number(request, StreamHeaders.PRODUCER_SEQ);
        if (id == null && epoch == null && seq == null) {
            return null;
        } else if (id == null || id.isEmpty() || epoch == null || seq == null) {
            throw Text.invalid("a producer has an id, an epoch and a seq");
        }
        return new StreamAppend.Producer(id, epoch, seq);
    }

    private void delete(ServerRequest request, ServerResponse response, Caller caller) {
        streams.delete(caller.tenant(), name(request, response));
        response.status(Status.NO_CONTENT_204).send();
    }

    private static OutrunException conflict(String message) {
        return new OutrunException(ErrorCode.STREAM_CONFLICT, message);
    }

    private static @Nullable Long number(ServerRequest request, HeaderName name) {
        String text = StreamHeaders.get(request, name);
        if (text == null) {
            return null;
        }
        long number = NUMBER.matcher(text).matches() ? Long.parseLong(text) : -1;
        if (number < 0 || number > NUMBER_MAX) {
            throw Text.invalid("'" + name.defaultCase() + "' must be a whole number from 0 on");
        }
        return number;
    }

    private static @Nullable Instant time(ServerRequest request) {
        String text = StreamHeaders.get(request, StreamHeaders.EXPIRES_AT);
        try {
            return text == null ? null : OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException e) {
            throw Text.invalid("'Stream-Expires-At' must be a time such as 2026-01-31T12:00:00Z");
        }
    }
}
