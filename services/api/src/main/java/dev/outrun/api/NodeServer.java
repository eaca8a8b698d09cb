package dev.outrun.api;

import dev.outrun.ledger.access.AccessLedger;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/** The HTTP server of a node without an API: how it is, and its meters. */
public final class NodeServer implements AutoCloseable {

    private final Guard guard;
    private final HttpServer server;

    private NodeServer(Guard guard, HttpServer server) {
        this.guard = guard;
        this.server = server;
    }

    /**
     * Starts listening; returns once the port is open.
     *
     * @param config of which it takes all but what is about runs
     * @param keys what keys there are; stays the caller's to close
     * @param checks what {@code /readyz} asks
     * @param registry what {@code /metrics} shows
     * @throws dev.outrun.schema.error.OutrunException {@code unavailable} if the address cannot be
     *     bound
     */
    public static NodeServer start(
            ApiConfig config,
            AccessLedger keys,
            List<Readiness> checks,
            PrometheusMeterRegistry registry) {
        Guard guard = Guard.start(config, keys, registry, InstantSource.system());
        try {
            HttpServer server = HttpServer.start(config, routes(checks, registry), guard, registry);
            return new NodeServer(guard, server);
        } catch (RuntimeException e) {
            guard.close();
            throw e;
        }
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
        guard.close();
    }
}
