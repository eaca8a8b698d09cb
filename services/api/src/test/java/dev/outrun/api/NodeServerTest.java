package dev.outrun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.ledger.memory.InMemoryAccessLedger;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class NodeServerTest {

    @Test
    void nodeWithoutAnApi_saysHowItIs_andNothingElse() throws Exception {
        List<Readiness> checks =
                List.of(
                        new Readiness("engine", Optional::empty),
                        new Readiness("worker", () -> Optional.of("is starting")));
        try (NodeServer server =
                        NodeServer.start(
                                ApiConfig.on(ApiConfig.LOOPBACK, 0),
                                new InMemoryAccessLedger(),
                                checks,
                                new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
                HttpClient http = HttpClient.newHttpClient()) {
            // When
            HttpResponse<String> ready = get(http, server, "/readyz");

            // Then
            assertEquals(503, ready.statusCode());
            assertEquals(
                    "{\"ready\":false,\"parts\":[{\"name\":\"engine\",\"ready\":true},"
                            + "{\"name\":\"worker\",\"ready\":false,\"reason\":\"is starting\"}]}",
                    ready.body());
            assertEquals(200, get(http, server, "/healthz").statusCode());
            assertEquals(404, get(http, server, "/v1/runs").statusCode());
            assertTrue(get(http, server, "/metrics").body().contains("outrun_http_requests"));
        }
    }

    private static HttpResponse<String> get(HttpClient http, NodeServer server, String path)
            throws IOException, InterruptedException {
        URI url = URI.create("http://" + ApiConfig.LOOPBACK + ":" + server.port() + path);
        return http.send(HttpRequest.newBuilder(url).build(), BodyHandlers.ofString());
    }
}
