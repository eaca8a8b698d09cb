package dev.outrun.api;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.outrun.api.access.Caller;
import dev.outrun.api.board.PlacedWindow;
import dev.outrun.api.board.WindowQuery;
import dev.outrun.api.board.Windows;
import dev.outrun.ledger.access.Role;
import dev.outrun.schema.analytics.WindowKey;
import dev.outrun.schema.json.WireJson;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Windows of analytics: asked for, or followed as a stream. */
final class AnalyticsRoutes {

    private static final Set<String> PARAMETERS =
            Set.of("from", "to", "queue", "handler", "window", "by");

    /** How far back an answer goes unless the question says. */
    private static final Duration BACK = Duration.ofHours(1);

    private static final Duration WINDOW_MAX = Duration.ofDays(1);

    /** Windows in an answer, half a kibibyte each. */
    private static final int WINDOWS_MAX = 10_000;

    private final Windows windows;
    private final EventStreams streams;
    private final InstantSource clock;

    AnalyticsRoutes(Windows windows, EventStreams streams, InstantSource clock) {
        this.windows = windows;
        this.streams = streams;
        this.clock = clock;
    }

    List<Route> routes() {
        return List.of(Route.get("/v1/analytics/windows", Role.READER, this::read));
    }

    private void read(ServerRequest request, ServerResponse response, Caller caller)
            throws IOException {
        WindowQuery query = query(Query.of(request, PARAMETERS), caller);
        try {
            if (EventStreams.areWantedBy(request)) {
                stream(query, response, caller);
            } else {
                list(query, response);
            }
        } catch (InterruptedException e) { // the server stops, or the client does not read
            Thread.currentThread().interrupt();
            throw new CloseConnectionException("interrupted", e);
        }
    }

    private void list(WindowQuery query, ServerResponse response)
            throws IOException, InterruptedException {
        List<PlacedWindow> found = windows.find(query);
        if (found.size() > WINDOWS_MAX) {
            throw Text.invalid(
                    "these are "
                            + found.size()
                            + " windows, more than "
                            + WINDOWS_MAX
                            + ": ask for fewer, or longer ones");
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = WireJson.mapper().createGenerator(out)) {
            json.writeStartObject();
            json.writeArrayFieldStart("windows");
            for (PlacedWindow window : found) {
                window.write(json);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        Reply.json(response, out.toByteArray());
    }

    private void stream(WindowQuery query, ServerResponse response, Caller caller)
            throws InterruptedException {
        throw streams.begin(new WhileGood(windows.follow(query), caller), response);
    }

    private WindowQuery query(Query query, Caller caller) {
        Duration size = size(query.text("window"));
        Instant from = instant("from", query.text("from"));
        String queue = query.text("queue");
        String handler = query.text("handler");
        return new WindowQuery(
                caller.tenant(),
                WindowKey.startOf(from == null ? clock.instant().minus(BACK) : from, size),
                instant("to", query.text("to")),
                queue == null ? null : Text.queue(queue),
                handler == null ? null : Text.handler(handler),
                size,
                by(query.text("by")));
    }

    private static Duration size(@Nullable String text) {
        try {
            Duration size = text == null ? WindowKey.SIZE : Duration.parse(text);
            if (size.isPositive()
                    && size.compareTo(WINDOW_MAX) <= 0
                    && size.equals(Duration.ofMinutes(size.toMinutes()))) {
                return size;
            }
        } catch (DateTimeException | ArithmeticException e) {
            // Falls through to the same answer.
        }
        throw Text.invalid("'window' must be whole minutes, PT1M to PT24H");
    }

    private static @Nullable Instant instant(String name, @Nullable String text) {
        try {
            Instant instant = text == null ? null : Instant.parse(text);
            if (instant == null || Math.abs(instant.getEpochSecond()) < 1L << 40) {
                return instant;
            }
        } catch (DateTimeException e) {
            // Falls through to the same answer.
        }
        throw Text.invalid("'" + name + "' must be a time such as 2026-01-02T03:04:05Z");
    }

    private static WindowQuery.By by(@Nullable String text) {
        if (text == null) {
            return WindowQuery.By.QUEUE_AND_HANDLER;
        }
        for (WindowQuery.By by : WindowQuery.By.values()) {
            if (by.name().toLowerCase(Locale.ROOT).equals(text)) {
                return by;
            }
        }
        throw Text.invalid("'by' must be queue_and_handler, queue, handler or all");
    }
}
