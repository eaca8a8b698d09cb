package dev.outrun.api;

import dev.outrun.api.board.Windows;
import dev.outrun.api.hub.Hub;
import dev.outrun.ledger.Ledger;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.topic.Topics;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http1.Http1Config;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The HTTP server: every route, over a ledger and a hub of its own. */
public final class ApiServer implements AutoCloseable {

    private static final HeaderName NO_SNIFFING = HeaderNames.create("X-Content-Type-Options");

    /** What is left for open requests once the streams have ended. */
    private static final Duration GRACE = Duration.ofMillis(500);

    /** A larger body is not even skipped: the connection is closed. No chunk is larger either. */
    private static final long BODY_BYTES_MAX = 24L * 1024 * 1024;

    private final ApiConfig config;
    private final Hub hub;
    private final Windows windows;
    private final EventStreams streams;
    private final WebServer server;
    private final List<Route> routes;

    private ApiServer(
            ApiConfig config,
            Hub hub,
            Windows windows,
            EventStreams streams,
            WebServer server,
            List<Route> routes) {
        this.config = config;
        this.hub = hub;
        this.windows = windows;
        this.streams = streams;
        this.server = server;
        this.routes = routes;
    }

    /**
     * Starts listening; returns once the port is open. The ledger stays the caller's to close.
     *
     * @param checks what {@code /readyz} asks, besides the hub
     * @param registry what {@code /metrics} shows, and where the API's own meters are
     * @throws IllegalStateException if the address cannot be bound
     */
    public static ApiServer start(
            ApiConfig config,
            Ledger ledger,
            RunIds runIds,
            Topics topics,
            String bootstrapServers,
            List<Readiness> checks,
            PrometheusMeterRegistry registry) {
        Hub hub = Hub.start(config.hub(), ledger, topics, bootstrapServers);
        EventStreams streams = EventStreams.start(config.hub(), registry);
        Windows windows = Windows.start(config.board(), topics, bootstrapServers);
        Gauge.builder("outrun.api.streams", () -> hub.clients() + windows.clients())
                .register(registry);
        Gauge.builder("outrun.api.windows", windows, Windows::size).register(registry);
        List<Readiness> parts = new ArrayList<>(checks);
        parts.add(new Readiness("hub", () -> Optional.ofNullable(hub.problem())));
        List<Route> routes = new ArrayList<>();
        routes.addAll(
                new RunRoutes(ledger, runIds, InstantSource.system(), config.startBodyBytesMax())
                        .routes());
        routes.addAll(new EventRoutes(ledger, hub, streams, config.eventsBodyBytesMax()).routes());
        routes.addAll(new QueueRoutes(ledger).routes());
        routes.addAll(
                new ScheduleRoutes(ledger, InstantSource.system(), config.startBodyBytesMax())
                        .routes());
        routes.addAll(new AnalyticsRoutes(windows, streams, InstantSource.system()).routes());
        routes.addAll(new HealthRoutes(parts).routes());
        routes.addAll(new MetricsRoutes(registry).routes());
        routes.addAll(new ConsoleRoutes(topics, bootstrapServers).routes());
        WebServer server = server(config, routes, registry);
        server.start();
        ApiServer api = new ApiServer(config, hub, windows, streams, server, routes);
        if (!server.isRunning()) {
            api.close();
            throw new IllegalStateException(
                    "cannot listen on " + config.host() + ":" + config.port());
        }
        return api;
    }

    public int port() {
        return server.port();
    }

    /** Open event streams. */
    public int streams() {
        return hub.clients() + windows.clients();
    }

    /** Every call there is, such as {@code GET /v1/runs}. */
    List<String> routes() {
        return routes.stream().map(route -> route.method().text() + " " + route.path()).toList();
    }

    /** Ends the streams, waits a bounded time for open requests, and stops. */
    @Override
    public void close() {
        hub.end();
        windows.end();
        streams.awaitEnd(config.closeMax());
        server.stop();
        streams.close();
        windows.close();
        hub.close();
    }

    private static WebServer server(ApiConfig config, List<Route> routes, MeterRegistry registry) {
        return WebServer.builder()
                .host(config.host())
                .port(config.port())
                // The process ends in an order of its own.
                .shutdownHook(false)
                .shutdownGracePeriod(GRACE)
                // Only what is set here, nothing found on the class path.
                .featuresDiscoverServices(false)
                .protocolsDiscoverServices(false)
                .addProtocol(
                        Http1Config.builder()
                                .maxPrologueLength(8 * 1024)
                                .maxHeadersSize(16 * 1024)
                                .build())
                // A burst of reconnecting clients queues here instead of being refused.
                .backlog(4_096)
                .maxTcpConnections(config.connectionsMax())
                .maxPayloadSize(BODY_BYTES_MAX)
                // Streams and pages gather their writes themselves; a buffer here would be one
                // more per client.
                .writeBufferSize(0)
                // A keep-alive connection nobody uses; streams are not counted as idle.
                .idleConnectionTimeout(Duration.ofMinutes(5))
                .idleConnectionPeriod(Duration.ofMinutes(1))
                // Helidon's 4 KiB would make a 1 MiB input 256 round trips.
                .putListenerSocketOption(StandardSocketOptions.SO_RCVBUF, 128 * 1024)
                .putListenerSocketOption(StandardSocketOptions.SO_REUSEADDR, true)
                .connectionOptions(socket ->
                        socket
                                // A frame leaves when it is written.
                                .tcpNoDelay(true)
                                .socketKeepAlive(true)
                                // What a client that does not read can hold in the
                                // kernel.
                                .socketSendBufferSize(128 * 1024))
                .directHandlers(Problems.outsideOfRoutes())
                .routing(routing -> route(routing, routes, registry))
                .build();
    }

    private static void route(
            HttpRouting.Builder routing, List<Route> routes, MeterRegistry registry) {
        routing.addFilter(new RequestMetrics(registry, routes));
        routing.addFilter(new ClosesConnections());
        routing.addFilter((chain, request, response) -> {
            response.header(NO_SNIFFING, "nosniff");
            response.header(HeaderNames.CACHE_CONTROL, "no-store");
            chain.proceed();
        });
        Problems.handleIn(routing);
        routes.forEach(route -> routing.route(route.method(), route.path(), route.handler()));
        Map<String, String> methods =
                routes.stream()
                        .collect(
                                Collectors.groupingBy(
                                        Route::path,
                                        TreeMap::new,
                                        Collectors.mapping(
                                                r -> r.method().text(), Collectors.joining(", "))));
        methods.forEach((path, allowed) ->
                routing.any(
                        path,
                        (request, response) -> {
                            response.header(HeaderNames.ALLOW, allowed);
                            throw new OutrunException(
                                    ErrorCode.METHOD_NOT_ALLOWED, "only " + allowed + " here");
                        }));
    }
}
