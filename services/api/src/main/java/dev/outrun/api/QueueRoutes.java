package dev.outrun.api;

import dev.outrun.api.access.Caller;
import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.QueueState;
import dev.outrun.ledger.access.Role;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.queue.QueueSettings;
import dev.outrun.schema.run.RunStatus;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Queues: list, show, change, pause, resume, drain, redrive, obliterate. */
final class QueueRoutes {

    private static final Set<String> FIELDS =
            Set.of(
                    "mode",
                    "order",
                    "width",
                    "concurrency",
                    "concurrency_per_key",
                    "rate",
                    "run_topics");
    private static final int BODY_BYTES_MAX = 64 * 1024;

    /** Runs cancelled in one transaction. */
    private static final int OBLITERATE_AT_ONCE = 1_000;

    private static final int REDRIVE_AT_ONCE = 100;
    private static final int REDRIVE_DEFAULT = 1_000;
    private static final int REDRIVE_MAX = 100_000;

    private final Ledger ledger;

    QueueRoutes(Ledger ledger) {
        this.ledger = ledger;
    }

    /** A queue has runs of many tenants': what is said of it, or done to it, concerns all. */
    List<Route> routes() {
        return Stream.of(
                        Route.get("/v1/queues", Role.READER, this::list),
                        Route.get("/v1/queues/{queue}", Role.READER, this::show),
                        Route.patch("/v1/queues/{queue}", Role.ADMIN, this::change),
                        Route.post("/v1/queues/{queue}/pause", Role.ADMIN, mode("paused")),
                        Route.post("/v1/queues/{queue}/resume", Role.ADMIN, mode("active")),
                        Route.post("/v1/queues/{queue}/drain", Role.ADMIN, mode("draining")),
                        Route.post("/v1/queues/{queue}/redrive", Role.ADMIN, this::redrive),
                        Route.post("/v1/queues/{queue}/obliterate", Role.ADMIN, this::obliterate))
                .map(Route::ofEveryTenant)
                .toList();
    }

    /** A queue as JSON: limits that it does not have are not there. */
    private record Shown(
            String queue,
            QueueSettings.Mode mode,
            QueueSettings.Order order,
            int width,
            @Nullable Integer concurrency,
            @Nullable Integer concurrencyPerKey,
            QueueSettings.@Nullable Rate rate,
            QueueSettings.RunTopics runTopics,
            Map<String, Long> runs) {

        static Shown of(QueueState state) {
            QueueSettings settings = state.settings();
            Map<String, Long> runs = new TreeMap<>();
            for (RunStatus status : RunStatus.values()) {
                if (!status.isTerminal()) {
                    runs.put(status.text(), state.runs().getOrDefault(status, 0L));
                }
            }
            return new Shown(
                    settings.queue(),
                    settings.mode(),
                    settings.order(),
                    settings.width(),
                    settings.concurrency(),
                    settings.concurrencyPerKey(),
                    settings.rate(),
                    settings.runTopics(),
                    runs);
        }
    }

    private record AllShown(List<Shown> queues) {}

    private record Obliterated(long cancelled) {}

    private record Redriven(long redriven) {}

    private void list(ServerRequest request, ServerResponse response, Caller caller) {
        Query.of(request, Set.of());
        List<Shown> queues = ledger.queues().stream().map(Shown::of).toList();
        Reply.json(response, WireJson.write(new AllShown(queues)));
    }

    private void show(ServerRequest request, ServerResponse response, Caller caller) {
        Query.of(request, Set.of());
        reply(response, queue(request));
    }

    private void change(ServerRequest request, ServerResponse response, Caller caller) {
        String queue = queue(request);
        String body = Body.read(request, BODY_BYTES_MAX);
        JsonObject.parse(body).allow(FIELDS);
        ledger.changeQueue(queue, body == null ? "{}" : body);
        reply(response, queue);
    }

    private Call mode(String mode) {
        return (request, response, caller) -> {
            String queue = queue(request);
            ledger.changeQueue(queue, "{\"mode\":\"" + mode + "\"}");
            reply(response, queue);
        };
    }

    /** What was open when it was called; runs that are started meanwhile may be among it. */
    private void obliterate(ServerRequest request, ServerResponse response, Caller caller) {
        String queue = queue(request);
        long open = ledger.queue(queue).runs().values().stream().mapToLong(n -> n).sum();
        long cancelled = 0;
        for (int some = -1; some != 0 && cancelled < open; cancelled += some) {
            some = ledger.obliterate(queue, OBLITERATE_AT_ONCE);
        }
        Reply.json(response, WireJson.write(new Obliterated(cancelled)));
    }

    private void redrive(ServerRequest request, ServerResponse response, Caller caller) {
        String queue = queue(request);
        String text = Body.read(request, BODY_BYTES_MAX);
        JsonObject body = JsonObject.parse(text == null ? "{}" : text);
        body.allow(Set.of("handler", "since", "limit"));
        String handler = body.string("handler");
        Instant since = body.time("since");
        Long limit = body.integer("limit", 1, REDRIVE_MAX);
        long most = limit == null ? REDRIVE_DEFAULT : limit;
        long redriven = 0;
        for (int some = -1; some != 0 && redriven < most; redriven += some) {
            int batch = (int) Math.min(most - redriven, REDRIVE_AT_ONCE);
            some = ledger.redrive(queue, handler, since, batch);
        }
        Reply.json(response, WireJson.write(new Redriven(redriven)));
    }

    private void reply(ServerResponse response, String queue) {
        Reply.json(response, WireJson.write(Shown.of(ledger.queue(queue))));
    }

    private static String queue(ServerRequest request) {
        return Text.queue(request.path().pathParameters().get("queue"));
    }
}
