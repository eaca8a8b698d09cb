package dev.outrun.api;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerResponse;

/** How answers look that are not errors. */
final class Reply {

    private Reply() {}

    static void json(ServerResponse response, byte[] body) {
        typed(response, "application/json", body);
    }

    static void typed(ServerResponse response, String mediaType, byte[] body) {
        response.header(HeaderNames.CONTENT_TYPE, mediaType);
        response.send(body);
    }
}
