package dev.outrun.api;

import dev.outrun.api.access.Caller;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

/** What answers a request, once it is known whose it is and that they may make it. */
@FunctionalInterface
interface Call {

    void answer(ServerRequest request, ServerResponse response, Caller caller) throws Exception;
}
