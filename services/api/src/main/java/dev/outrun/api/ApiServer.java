package dev.outrun.api;

import dev.outrun.api.board.Windows;
import dev.outrun.api.hub.Hub;
import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.access.AccessLedger;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import dev.outrun.worker.lease.TaskLeases;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The HTTP server: every route, over a ledger and a hub of its own. */
public final class ApiServer implements AutoCloseable {

    private final ApiConfig config;
    private final Hub hub;
    private final Windows windows;
    private final EventStreams streams;
    private final TaskLeases leases;
    private final Guard guard;
    private final HttpServer server;
    private final List<Route> routes;

    private ApiServer(
            ApiConfig config,
            Hub hub,
            Windows windows,
            EventStreams streams,
            TaskLeases leases,
            Guard guard,
            HttpServer server,
            List<Route> routes) {
        this.config = config;
        this.hub = hub;
        this.windows = windows;
        this.streams = streams;
        this.leases = leases;
        this.guard = guard;
        this.server = server;
        this.routes = routes;
    }

    /**
     * Starts listening; returns once the port is open. The ledgers stay the caller's to close.
     *
     * @param keys what keys there are, and where the audit log is
     * @param checks what {@code /readyz} asks, besides the hub
     * @param registry what {@code /metrics} shows, and where the API's own meters are
     * @throws dev.outrun.schema.error.OutrunException {@code unavailable} if the address cannot be
     *     bound
     */
    public static ApiServer start(
            ApiConfig config,
            Ledger ledger,
            AccessLedger keys,
            RunIds runIds,
            Topics topics,
            KafkaAddress kafka,
            List<Readiness> checks,
            PrometheusMeterRegistry registry) {
        InstantSource clock = InstantSource.system();
        Hub hub = Hub.start(config.hub(), ledger, topics, kafka);
        EventStreams streams = EventStreams.start(config.hub(), registry);
        Windows windows = Windows.start(config.board(), topics, kafka);
        TaskLeases leases = new TaskLeases(ledger, topics, kafka, clock, new SecureRandom());
        Gauge.builder("outrun.api.streams", () -> hub.clients() + windows.clients())
                .register(registry);
        Gauge.builder("outrun.api.windows", windows, Windows::size).register(registry);
        List<Readiness> parts = new ArrayList<>(checks);
        parts.add(new Readiness("hub", () -> Optional.ofNullable(hub.problem())));
        parts.add(new Readiness("leases", leases::problem));
        VisibleRuns visible = new VisibleRuns(ledger);
        NewIds ids = new NewIds(ledger, runIds, clock);
        List<Route> routes = new ArrayList<>();
        routes.addAll(
                new RunRoutes(ledger, visible, ids, clock, config.startBodyBytesMax()).routes());
        routes.addAll(
                new EventRoutes(ledger, visible, hub, streams, config.eventsBodyBytesMax())
                        .routes());
        routes.addAll(new FeedRoutes(visible, hub, streams).routes());
        routes.addAll(
                new TaskRoutes(ledger, visible, leases, config.eventsBodyBytesMax()).routes());
        routes.addAll(new QueueRoutes(ledger).routes());
        routes.addAll(
                new ScheduleRoutes(ledger, visible, clock, config.startBodyBytesMax()).routes());
        routes.addAll(new AnalyticsRoutes(windows, streams, clock).routes());
        routes.addAll(
                new StreamRoutes(ledger, visible, hub, streams, clock, config.longPoll()).routes());
        routes.addAll(
                new StreamWriteRoutes(ledger.streams(), ids, config.eventsBodyBytesMax()).routes());
        routes.addAll(NodeServer.routes(parts, registry));
        routes.addAll(new ConsoleRoutes(topics, kafka.bootstrapServers()).routes());
        Guard guard = Guard.start(config, keys, registry, clock);
        try {
            HttpServer server = HttpServer.start(config, routes, guard, registry);
            return new ApiServer(config, hub, windows, streams, leases, guard, server, routes);
        } catch (RuntimeException e) {
            guard.close();
            leases.close();
            streams.close();
            windows.close();
            hub.close();
            throw e;
        }
    }

    public int port() {
        return server.port();
    }

    /** Open event streams. */
    public int streams() {
        return hub.clients() + windows.clients();
    }

    /** Every call there is. */
    List<Route> routes() {
        return routes;
    }

    /** Ends the streams, waits a bounded time for open requests, and stops. */
    @Override
    public void close() {
        hub.end();
        windows.end();
        streams.awaitEnd(config.closeMax());
        leases.close();
        server.close();
        streams.close();
        windows.close();
        hub.close();
        guard.close();
    }
}
