package dev.outrun.api;

import dev.outrun.api.access.Caller;
import dev.outrun.api.access.Origins;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;

/** Lets pages of the named origins call from a browser, and read the answers; nobody else's. */
final class Cors {

    private static final String METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE";
    private static final String REQUEST_HEADERS =
            "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, If-None-Match, "
                    + Caller.TENANT_HEADER
                    + ", "
                    + StreamHeaders.OF_REQUESTS;
    private static final String RESPONSE_HEADERS =
            "Location, Retry-After, ETag, " + StreamHeaders.OF_RESPONSES;

    /** For so long a browser need not ask again. */
    private static final String SECONDS_MAX = "600";

    private final Origins origins;

    Cors(Origins origins) {
        this.origins = origins;
    }

    /** Says what a page may do; true where that is all that was asked. */
    boolean hasAnswered(RoutingRequest request, RoutingResponse response) {
        String origin = request.headers().first(HeaderNames.ORIGIN).orElse(null);
        if (origin == null || !origins.allows(origin)) {
            return false;
        }
        response.header(HeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        response.header(HeaderNames.VARY, "Origin");
        boolean asks =
                request.prologue().method().equals(Method.OPTIONS)
                        && request.headers().contains(HeaderNames.ACCESS_CONTROL_REQUEST_METHOD);
        if (asks) {
            response.header(HeaderNames.ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            response.header(HeaderNames.ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
            response.header(HeaderNames.ACCESS_CONTROL_MAX_AGE, SECONDS_MAX);
            response.status(Status.NO_CONTENT_204).send();
        } else {
            response.header(HeaderNames.ACCESS_CONTROL_EXPOSE_HEADERS, RESPONSE_HEADERS);
        }
        return asks;
    }
}
