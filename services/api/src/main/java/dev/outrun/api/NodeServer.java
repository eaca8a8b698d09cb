package dev.outrun.api;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.ArrayList;
import java.util.List;

/** The HTTP server of a node without an API: how it is, and its meters. */
public final class NodeServer implements AutoCloseable {

    private final HttpServer server;

    private NodeServer(HttpServer server) {
        this.server = server;
    }

    /**
     * Starts listening; returns once the port is open.
     *
     * @param config of which it takes the address and the number of connections
     * @param checks what {@code /readyz} asks
     * @param registry what {@code /metrics} shows
     * @throws dev.outrun.schema.error.OutrunException {@code unavailable} if the address cannot be
     *     bound
     */
    public static NodeServer start(
            ApiConfig config, List<Readiness> checks, PrometheusMeterRegistry registry) {
        return new NodeServer(
                HttpServer.start(
                        config.host(),
                        config.port(),
                        config.connectionsMax(),
                        routes(checks, registry),
                        registry));
    }

    /** The routes that every node has. */
    static List<Route> routes(List<Readiness> checks, PrometheusMeterRegistry registry) {
        List<Route> routes = new ArrayList<>(new HealthRoutes(checks).routes());
        routes.addAll(new MetricsRoutes(registry).routes());
        return routes;
    }

    public int port() {
        return server.port();
    }

    @Override
    public void close() {
        server.close();
    }
}
