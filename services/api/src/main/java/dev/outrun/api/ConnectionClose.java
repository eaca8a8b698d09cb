package dev.outrun.api;

import io.helidon.http.HeaderValues;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;

/** What {@code Connection: close} asks for, of client or server. */
final class ConnectionClose {

    private ConnectionClose() {}

    /**
     * Closes the connection after an answer where one of them said so. Helidon 4.5.0 does not: it
     * goes on to read the next request, and would take the rest of a refused body for one.
     */
    static void heed(RoutingRequest request, RoutingResponse response) {
        boolean asked = request.headers().containsToken(HeaderValues.CONNECTION_CLOSE);
        if (asked || response.headers().containsToken(HeaderValues.CONNECTION_CLOSE)) {
            skipBody(request);
            throw new CloseConnectionException("as was said in a header");
        }
    }

    /**
     * Reads what is left of the body, which the server's limit bounds: closing a socket with unread
     * bytes resets it, and a client still sending would lose the answer.
     */
    private static void skipBody(RoutingRequest request) {
        if (!request.content().hasEntity() || request.content().consumed()) {
            return;
        }
        try {
            request.content().consume();
        } catch (RuntimeException e) {
            throw new CloseConnectionException("the body's rest cannot be read", e);
        }
    }
}
