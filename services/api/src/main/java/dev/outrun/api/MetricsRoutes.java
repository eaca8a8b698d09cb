package dev.outrun.api;

import dev.outrun.api.access.Caller;
import dev.outrun.ledger.access.Role;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** This node's meters, as Prometheus reads them. */
final class MetricsRoutes {

    private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";

    private final PrometheusMeterRegistry registry;

    MetricsRoutes(PrometheusMeterRegistry registry) {
        this.registry = registry;
    }

    List<Route> routes() {
        return List.of(Route.get("/metrics", Role.READER, this::scrape).ofEveryTenant());
    }

    private void scrape(ServerRequest request, ServerResponse response, Caller caller) {
        Reply.typed(response, TEXT, registry.scrape(TEXT).getBytes(StandardCharsets.UTF_8));
    }
}
