package dev.outrun.api;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/**
 * Times requests until their answer is written, by route and status. Event streams are not among
 * them: they last as long as their reader likes.
 */
final class RequestMetrics {

    /** Of paths and methods that no route has: a client must not make up meters. */
    private static final String OTHER = "other";

    private static final Duration[] LATENCIES =
            LongStream.of(1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)
                    .mapToObj(Duration::ofMillis)
                    .toArray(Duration[]::new);

    private final MeterProvider<Timer> timers;
    private final Set<String> known = new HashSet<>(); // methods and paths

    RequestMetrics(MeterRegistry registry, List<Route> routes) {
        timers =
                Timer.builder("outrun.http.requests")
                        .serviceLevelObjectives(LATENCIES)
                        .withRegistry(registry);
        routes.forEach(route -> {
            known.add(route.method().text());
            known.add(route.path());
        });
    }

    /** Begins to time a request. */
    void time(RoutingRequest request, RoutingResponse response) {
        long begin = System.nanoTime();
        response.whenSent(() -> record(request, response, System.nanoTime() - begin));
    }

    private void record(RoutingRequest request, RoutingResponse response, long nanos) {
        if (response.headers().contains(HeaderNames.CONTENT_TYPE)
                && response.headers()
                        .get(HeaderNames.CONTENT_TYPE)
                        .get()
                        .startsWith(EventStreams.MEDIA_TYPE)) {
            return;
        }
        timers.withTags(
                        "method",
                        known(request.prologue().method().text()),
                        "route",
                        known(request.matchingPattern().orElse(OTHER)),
                        "status",
                        Integer.toString(response.status().code()))
                .record(nanos, TimeUnit.NANOSECONDS);
    }

    private String known(String word) {
        return known.contains(word) ? word : OTHER;
    }
}
