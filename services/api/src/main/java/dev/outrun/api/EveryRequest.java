package dev.outrun.api;

import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;

/**
 * What is done with every request, whichever route it has. One filter, not one for each: a filter's
 * frames are on the stack of every open event stream.
 */
final class EveryRequest implements Filter {

    private final RequestMetrics metrics;
    private final SecurityHeaders headers;
    private final Cors cors;

    EveryRequest(RequestMetrics metrics, SecurityHeaders headers, Cors cors) {
        this.metrics = metrics;
        this.headers = headers;
        this.cors = cors;
    }

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        metrics.time(request, response);
        headers.addTo(response);
        if (!cors.hasAnswered(request, response)) {
            chain.proceed();
        }
        ConnectionClose.heed(request, response);
    }
}
