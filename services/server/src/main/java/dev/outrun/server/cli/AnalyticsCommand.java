package dev.outrun.server.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code outrun analytics}: what runs did, by the minute or longer. */
@Command(
        name = "analytics",
        description = "Print what runs did: counts, waits and durations, by windows of time.",
        mixinStandardHelpOptions = true)
final class AnalyticsCommand implements Callable<Integer> {

    private static final String ROW =
            "%-20s  %-12s %-16s %9s %9s %9s %7s %9s %9s %12s  %15s %15s %15s%n";

    @Spec CommandSpec spec;

    @Mixin ApiOptions api;

    @Option(
            names = "--since",
            paramLabel = "TIME",
            defaultValue = "PT1H",
            description = "How far back, as in PT1H or P1D (default: ${DEFAULT-VALUE}).")
    Duration since;

    @Option(
            names = "--window",
            paramLabel = "TIME",
            defaultValue = "PT1M",
            description = "How long each window is, in minutes (default: ${DEFAULT-VALUE}).")
    Duration window;

    @Option(names = "--queue", paramLabel = "QUEUE", description = "Only runs of this queue.")
    @Nullable String queue;

    @Option(names = "--handler", paramLabel = "HANDLER", description = "Only of this handler.")
    @Nullable String handler;

    @Option(
            names = "--by",
            paramLabel = "WHAT",
            defaultValue = "QUEUE_AND_HANDLER",
            description =
                    "What has windows of its own: ${COMPLETION-CANDIDATES}"
                            + " (default: ${DEFAULT-VALUE}).")
    By by;

    @Option(names = "--json", description = "Print what the server answers.")
    boolean json;

    /** What has windows of its own. */
    enum By {
        QUEUE_AND_HANDLER,
        QUEUE,
        HANDLER,
        ALL
    }

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        JsonNode answer = api.client().get(path());
        if (json) {
            out.println(answer.toPrettyString());
            return 0;
        }
        out.printf(
                ROW,
                "START",
                "QUEUE",
                "HANDLER",
                "REQUESTED",
                "STARTED",
                "COMPLETED",
                "FAILED",
                "CANCELLED",
                "RETRIED",
                "EVENTS",
                "WAIT p50/p99",
                "TOOK p50/p99",
                "FIRST p50/p99");
        answer.get("windows").forEach(each -> row(out, each));
        return 0;
    }

    private String path() {
        Instant from;
        try {
            from = InstantSource.system().instant().minus(since);
        } catch (ArithmeticException | DateTimeException e) {
            throw new ParameterException(spec.commandLine(), "--since: too long ago", e);
        }
        return "/v1/analytics/windows?from="
                + from
                + "&window="
                + window
                + "&by="
                + by.name().toLowerCase(Locale.ROOT)
                + RunCommand.parameter("queue", queue)
                + RunCommand.parameter("handler", handler);
    }

    private static void row(PrintWriter out, JsonNode window) {
        out.printf(
                ROW,
                window.get("start").asText(),
                name(window.get("queue")),
                name(window.get("handler")),
                window.get("requested"),
                window.get("started"),
                window.get("completed"),
                window.get("failed"),
                window.get("cancelled"),
                window.get("retried"),
                window.get("events"),
                percentiles(window.get("queue_wait_ms")),
                percentiles(window.get("duration_ms")),
                percentiles(window.get("first_event_ms")));
    }

    private static String name(JsonNode name) {
        return name.isNull() ? "*" : name.asText();
    }

    private static String percentiles(JsonNode distribution) {
        return distribution.get("count").asLong() == 0
                ? "-"
                : time(distribution.get("p50")) + "/" + time(distribution.get("p99"));
    }

    private static String time(JsonNode milliseconds) {
        double value = milliseconds.asDouble();
        if (value < 1_000) {
            return String.format(Locale.ROOT, "%.1fms", value);
        }
        return value < 600_000
                ? String.format(Locale.ROOT, "%.1fs", value / 1_000)
                : String.format(Locale.ROOT, "%.0fmin", value / 60_000);
    }
}
