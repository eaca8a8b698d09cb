package dev.outrun.api;

import dev.outrun.api.access.TlsFiles;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import io.helidon.common.tls.Tls;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** An open port with routes behind it, whatever they do: every option with its why. */
final class HttpServer implements AutoCloseable {

    /** What is left for open requests at the end. */
    private static final Duration GRACE = Duration.ofMillis(500);

    /** A larger body is not even skipped: the connection is closed. No chunk is larger either. */
    private static final long BODY_BYTES_MAX = 24L * 1024 * 1024;

    private final WebServer server;

    private HttpServer(WebServer server) {
        this.server = server;
    }

    /**
     * Starts listening; returns once the port is open.
     *
     * @param config of which it takes the address, the connections, TLS and the headers' size
     * @param guard what is asked before each route
     * @throws OutrunException {@code unavailable} if the address cannot be bound
     * @throws IllegalArgumentException if the TLS files have not what they should
     */
    static HttpServer start(
            ApiConfig config, List<Route> routes, Guard guard, MeterRegistry registry) {
        WebServer server = server(config, routes, guard, registry);
        String refusal = "cannot listen on " + config.host() + ":" + config.port();
        try {
            server.start();
        } catch (RuntimeException e) {
            throw new OutrunException(ErrorCode.UNAVAILABLE, refusal + ": " + e.getMessage(), e);
        }
        if (!server.isRunning()) {
            throw new OutrunException(ErrorCode.UNAVAILABLE, refusal);
        }
        return new HttpServer(server);
    }

    int port() {
        return server.port();
    }

    /** Waits a bounded time for open requests, and stops. */
    @Override
    public void close() {
        server.stop();
    }

    private static Tls tls(@Nullable TlsFiles files) {
        if (files == null) {
            return Tls.builder().enabled(false).build();
        }
        return Tls.builder()
                .privateKeyCertChain(files.readCertificates())
                .privateKey(files.readKey())
                // Older ones are broken.
                .enabledProtocols(List.of("TLSv1.3", "TLSv1.2"))
                .build();
    }

    private static WebServer server(
            ApiConfig config, List<Route> routes, Guard guard, MeterRegistry registry) {
        Tls tls = tls(config.access().tls());
        return WebServer.builder()
                .host(config.host())
                .port(config.port())
                .tls(tls)
                // The process ends in an order of its own.
                .shutdownHook(false)
                .shutdownGracePeriod(GRACE)
                // Only what is set here, nothing found on the class path.
                .featuresDiscoverServices(false)
                .protocolsDiscoverServices(false)
                .addConnectionSelector(
                        new HttpConnections(
                                Http1ConnectionSelector.builder()
                                        .config(
                                                Http1Config.builder()
                                                        .maxPrologueLength(8 * 1024)
                                                        .maxHeadersSize(
                                                                config.access().headerBytesMax())
                                                        .build())
                                        .build()))
                // A burst of reconnecting clients queues here instead of being refused.
                .backlog(4_096)
                .maxTcpConnections(config.connectionsMax())
                .maxPayloadSize(BODY_BYTES_MAX)
                // Streams and pages gather their writes themselves; a buffer here would be one
                // more per client.
                .writeBufferSize(0)
                // It has two buffers of 8 KiB for each connection, a plain socket has one.
                .useNio(false)
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
                .routing(routing -> {
                    routing.addFilter(
                            new EveryRequest(
                                    new RequestMetrics(registry, routes),
                                    new SecurityHeaders(tls.enabled()),
                                    guard.cors()));
                    route(routing, routes, guard);
                })
                .build();
    }

    private static void route(HttpRouting.Builder routing, List<Route> routes, Guard guard) {
        Problems.handleIn(routing);
        routes.forEach(route -> routing.route(route.method(), route.path(), guard.before(route)));
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
