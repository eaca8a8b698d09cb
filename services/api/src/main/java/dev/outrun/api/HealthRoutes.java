package dev.outrun.api;

import dev.outrun.api.access.Caller;
import dev.outrun.ledger.access.Role;
import dev.outrun.schema.json.WireJson;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether this node lives, and whether it is ready. */
final class HealthRoutes {

    private static final Logger LOG = LoggerFactory.getLogger(HealthRoutes.class);

    private record Part(String name, boolean ready, @Nullable String reason) {}

    private record Report(boolean ready, List<Part> parts) {}

    private final List<Readiness> checks;

    HealthRoutes(List<Readiness> checks) {
        this.checks = List.copyOf(checks);
    }

    List<Route> routes() {
        return List.of(
                Route.get("/healthz", Role.ANYONE, HealthRoutes::lives),
                Route.get("/readyz", Role.ANYONE, this::ready));
    }

    private static void lives(ServerRequest request, ServerResponse response, Caller caller) {
        Reply.json(response, WireJson.write(Map.of("alive", true)));
    }

    private void ready(ServerRequest request, ServerResponse response, Caller caller) {
        List<Part> parts = checks.stream().map(HealthRoutes::part).toList();
        boolean ready = parts.stream().allMatch(Part::ready);
        response.status(ready ? Status.OK_200 : Status.SERVICE_UNAVAILABLE_503);
        Reply.json(response, WireJson.write(new Report(ready, parts)));
    }

    private static Part part(Readiness check) {
        Optional<String> problem;
        try {
            problem = check.problem().get();
        } catch (RuntimeException e) {
            LOG.warn("event=readiness_check_failed part={}", check.name(), e);
            problem = Optional.of("its check failed: " + e.getClass().getSimpleName());
        }
        return new Part(check.name(), problem.isEmpty(), problem.orElse(null));
    }
}
