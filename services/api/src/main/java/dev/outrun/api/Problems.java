package dev.outrun.api;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.json.WireJson;
import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.HttpException;
import io.helidon.http.Method;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ServerConnectionException;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Locale;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Every error as {@code application/problem+json} (RFC 9457) with a stable code. */
final class Problems {

    private static final Logger LOG = LoggerFactory.getLogger(Problems.class);
    private static final String MEDIA_TYPE = "application/problem+json";

    /** When to try again after a refusal that is not the caller's fault. */
    private static final String RETRY_AFTER_SECONDS = "1";

    /** The same where a limit has to be left first: so often the reaper makes room. */
    private static final String RETRY_EXHAUSTED_AFTER_SECONDS = "30";

    /** The same where the limit is a caller's own: its calls of a second ago count no more. */
    private static final String RETRY_SLOWER_AFTER_SECONDS = "1";

    private Problems() {}

    private record Problem(String type, String title, int status, String detail, String code) {

        static byte[] of(ErrorCode code, int status, String detail) {
            String words = code.code().replace('_', ' ');
            String title = words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1);
            String type = "urn:outrun:error:" + code.code();
            return WireJson.write(new Problem(type, title, status, detail, code.code()));
        }
    }

    /** Answers whatever a route throws. */
    static void handleIn(HttpRouting.Builder routing) {
        routing.error(OutrunException.class, Problems::known);
        routing.error(HttpException.class, Problems::http);
        routing.error(ServerConnectionException.class, Problems::gone);
        routing.error(Throwable.class, Problems::unknown);
    }

    /** Answers what goes wrong before a route is found: bad request lines, headers, lengths. */
    static DirectHandlers outsideOfRoutes() {
        DirectHandlers.Builder handlers = DirectHandlers.builder();
        for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
            handlers.addHandler(type, Problems::direct);
        }
        return handlers.build();
    }

    private static void known(ServerRequest request, ServerResponse response, OutrunException e) {
        switch (e.code().kind()) {
            case USER -> LOG.debug("event=refused path={} code={}", path(request), e.code().code());
            case EXTERNAL -> {
                LOG.warn("event=unavailable path={} reason={}", path(request), e.getMessage());
                response.header(HeaderNames.RETRY_AFTER, RETRY_AFTER_SECONDS);
            }
            case EXHAUSTED -> {
                LOG.debug("event=exhausted path={} code={}", path(request), e.code().code());
                response.header(
                        HeaderNames.RETRY_AFTER,
                        e.code() == ErrorCode.TOO_MANY_REQUESTS
                                ? RETRY_SLOWER_AFTER_SECONDS
                                : RETRY_EXHAUSTED_AFTER_SECONDS);
            }
            case INTERNAL -> {
                unknown(request, response, e);
                return;
            }
        }
        int status = e.code().httpStatus();
        send(request, response, e.code(), status, String.valueOf(e.getMessage()));
    }

    private static void http(ServerRequest request, ServerResponse response, HttpException e) {
        int status = e.status().code();
        if (!e.keepAlive()) {
            response.header(HeaderValues.CONNECTION_CLOSE);
        }
        if (status >= 500) {
            unknown(request, response, e);
        } else {
            send(request, response, codeOf(status), status, detailOf(status));
        }
    }

    /** The client is gone: nobody to answer. */
    private static void gone(
            ServerRequest request, ServerResponse response, ServerConnectionException e) {
        throw new CloseConnectionException("the client is gone", e);
    }

    private static void unknown(ServerRequest request, ServerResponse response, Throwable e) {
        String id = UUID.randomUUID().toString();
        LOG.error("event=internal_error id={} path={}", id, path(request), e);
        int status = ErrorCode.INTERNAL.httpStatus();
        String detail = "a bug; the server's log has it as " + id;
        send(request, response, ErrorCode.INTERNAL, status, detail);
    }

    private static void send(
            ServerRequest request,
            ServerResponse response,
            ErrorCode code,
            int status,
            String detail) {
        response.status(Status.create(status));
        response.header(HeaderNames.CONTENT_TYPE, MEDIA_TYPE);
        if (request.prologue().method().equals(Method.HEAD)) {
            response.send(); // a body would be taken for the next answer
        } else {
            response.send(Problem.of(code, status, detail));
        }
    }

    private static DirectHandler.TransportResponse direct(
            DirectHandler.TransportRequest request,
            DirectHandler.EventType type,
            Status status,
            ServerResponseHeaders headers,
            String message) {
        SecurityHeaders.addTo(headers);
        headers.set(HeaderNames.CONTENT_TYPE, MEDIA_TYPE);
        return DirectHandler.TransportResponse.builder()
                .status(status)
                .headers(headers)
                .keepAlive(false)
                .entity(Problem.of(codeOf(status.code()), status.code(), detailOf(status.code())))
                .build();
    }

    private static ErrorCode codeOf(int status) {
        return switch (status) {
            case 404 -> ErrorCode.NOT_FOUND;
            case 405 -> ErrorCode.METHOD_NOT_ALLOWED;
            case 413 -> ErrorCode.PAYLOAD_TOO_LARGE;
            case 415 -> ErrorCode.UNSUPPORTED_MEDIA_TYPE;
            case 503 -> ErrorCode.UNAVAILABLE;
            default -> status >= 500 ? ErrorCode.INTERNAL : ErrorCode.INVALID_REQUEST;
        };
    }

    private static String detailOf(int status) {
        return switch (status) {
            case 404 -> "there is nothing at this path";
            case 413 -> "the body is too large";
            case 414 -> "the request line is too long";
            case 431 -> "the headers are too large";
            case 503 -> "too many requests at once";
            default -> "this is not a request this server understands";
        };
    }

    private static String path(ServerRequest request) {
        return request.prologue().uriPath().path();
    }
}
