package dev.outrun.server.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunStatus;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code outrun run}: start, watch and end runs over HTTP. */
@Command(
        name = "run",
        description = "Start, watch and end runs.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
final class RunCommand {

    @Spec CommandSpec spec;

    @Command(
            name = "start",
            description = "Start a run and print its id.",
            mixinStandardHelpOptions = true)
    int start(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "HANDLER", description = "What runs it, such as echo.")
                    String handler,
            @Option(
                            names = "--input",
                            paramLabel = "JSON",
                            defaultValue = "null",
                            description = "The handler's input (default: ${DEFAULT-VALUE}).")
                    String input,
            @Option(
                            names = "--queue",
                            paramLabel = "QUEUE",
                            description = "Its queue (default: default).")
                    @Nullable String queue,
            @Option(
                            names = "--idempotency-key",
                            paramLabel = "KEY",
                            description = "Start it only if no run has this key yet.")
                    @Nullable String key,
            @Option(
                            names = "--priority",
                            paramLabel = "N",
                            description = "The greatest in its queue goes first (default: 0).")
                    @Nullable Integer priority,
            @Option(
                            names = "--delay-ms",
                            paramLabel = "MS",
                            description = "Not before so many milliseconds from now.")
                    @Nullable Long delayMs,
            @Option(
                            names = "--concurrency-key",
                            paramLabel = "KEY",
                            description = "What its queue's limit per key counts it under.")
                    @Nullable String concurrencyKey,
            @Option(
                            names = "--timeout-ms",
                            paramLabel = "MS",
                            description = "How long the run may take.")
                    @Nullable Long timeoutMs,
            @Option(
                            names = "--attempt-timeout-ms",
                            paramLabel = "MS",
                            description = "How long each of its attempts may take.")
                    @Nullable Long attemptTimeoutMs,
            @Option(
                            names = "--dedupe-key",
                            paramLabel = "KEY",
                            description = "Be the run its queue has for this key, if it has one.")
                    @Nullable String dedupeKey,
            @Option(
                            names = "--dedupe-ms",
                            paramLabel = "MS",
                            description =
                                    "For so long the key is this run's (default: until it ends).")
                    @Nullable Long dedupeMs,
            @Option(names = "--follow", description = "Print its events until it ends.")
                    boolean follow) {
        ObjectNode more = WireJson.mapper().createObjectNode();
        more.put("queue", queue)
                .put("idempotency_key", key)
                .put("priority", priority)
                .put("delay_ms", delayMs)
                .put("concurrency_key", concurrencyKey)
                .put("timeout_ms", timeoutMs)
                .put("attempt_timeout_ms", attemptTimeoutMs)
                .put("dedupe_key", dedupeKey)
                .put("dedupe_ms", dedupeMs);
        JsonNode run = api.client().start(handler, input, more);
        String id = run.get("id").asText();
        spec.commandLine().getOut().println(id);
        return follow ? follow(api, id, 0) : 0;
    }

    @Command(
            name = "follow",
            description = "Print a run's events, those to come as well, until it ends.",
            mixinStandardHelpOptions = true)
    int follow(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "ID", description = "The run's id.") String id,
            @Option(
                            names = "--from",
                            paramLabel = "SEQ",
                            defaultValue = "0",
                            description = "The first event wanted (default: ${DEFAULT-VALUE}).")
                    long from) {
        var out = spec.commandLine().getOut();
        String last =
                api.client()
                        .follow(
                                id,
                                from,
                                event -> {
                                    out.printf(
                                            "%6s  %-22s %s%n",
                                            event.seq(), event.type(), event.data());
                                    out.flush();
                                });
        return last.equals(RunStatus.COMPLETED.text()) ? 0 : Main.RUN_NOT_COMPLETED;
    }

    @Command(
            name = "list",
            description = "List runs, newest first.",
            mixinStandardHelpOptions = true)
    void list(
            @Mixin ApiOptions api,
            @Option(
                            names = "--status",
                            paramLabel = "STATUS",
                            description = "Only these, such as running.")
                    @Nullable String status,
            @Option(
                            names = "--handler",
                            paramLabel = "HANDLER",
                            description = "Only runs of this handler.")
                    @Nullable String handler,
            @Option(
                            names = "--schedule",
                            paramLabel = "SCHEDULE",
                            description = "Only runs that this schedule has started.")
                    @Nullable String schedule,
            @Option(
                            names = "--limit",
                            paramLabel = "N",
                            defaultValue = "20",
                            description = "At most so many (default: ${DEFAULT-VALUE}).")
                    int limit) {
        String query =
                "?limit="
                        + limit
                        + parameter("status", status)
                        + parameter("handler", handler)
                        + parameter("schedule", schedule);
        var out = spec.commandLine().getOut();
        out.printf(
                "%-36s  %-10s %-16s %-12s %7s  %s%n",
                "RUN", "STATUS", "HANDLER", "QUEUE", "EVENTS", "CREATED");
        for (JsonNode run : api.client().get("/v1/runs" + query).get("runs")) {
            out.printf(
                    "%-36s  %-10s %-16s %-12s %7s  %s%n",
                    run.get("id").asText(),
                    run.get("status").asText(),
                    run.get("handler").asText(),
                    run.get("queue").asText(),
                    run.get("next_seq").asText(),
                    run.get("created_at").asText());
        }
    }

    @Command(
            name = "show",
            description = "Print one run, as JSON.",
            mixinStandardHelpOptions = true)
    void show(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "ID", description = "The run's id.") String id) {
        spec.commandLine()
                .getOut()
                .println(api.client().get("/v1/runs/" + encode(id)).toPrettyString());
    }

    @Command(
            name = "export",
            description = "Write a run and its log as JSON, to be replayed in a test.",
            mixinStandardHelpOptions = true)
    void export(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "ID", description = "The run's id.") String id,
            @Option(
                            names = "--output",
                            paramLabel = "FILE",
                            description = "Where to (default: to the terminal).")
                    @Nullable Path file) {
        StringWriter exported = new StringWriter();
        try {
            new RunExport(api.client(), id, exported).write();
        } catch (IOException e) {
            throw new OutrunException(
                    ErrorCode.UNAVAILABLE, "the server's answer is unreadable", e);
        }
        if (file == null) {
            spec.commandLine().getOut().print(exported);
            spec.commandLine().getOut().flush();
            return;
        }
        try {
            Files.writeString(file, exported.toString());
        } catch (IOException e) {
            throw new OutrunException(ErrorCode.INVALID_REQUEST, "cannot write " + file, e);
        }
    }

    @Command(
            name = "cancel",
            description = "Ask for the end of a run.",
            mixinStandardHelpOptions = true)
    void cancel(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "ID", description = "The run's id.") String id,
            @Option(names = "--reason", paramLabel = "TEXT", description = "Why, for its log.")
                    @Nullable String reason) {
        spec.commandLine().getOut().println(api.client().cancel(id, reason).get("status").asText());
    }

    @Command(
            name = "signal",
            description = "Tell a run something, and print where it is in the log.",
            mixinStandardHelpOptions = true)
    void signal(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "ID", description = "The run's id.") String id,
            @Parameters(paramLabel = "NAME", description = "The signal's name.") String name,
            @Option(
                            names = "--data",
                            paramLabel = "JSON",
                            defaultValue = "null",
                            description = "What it says (default: ${DEFAULT-VALUE}).")
                    String data) {
        JsonNode answer = api.client().signal(id, name, data);
        spec.commandLine().getOut().println(answer.get("seq").asLong());
    }

    @Command(
            name = "resume",
            description = "Let a suspended run go on at once.",
            mixinStandardHelpOptions = true)
    void resume(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "ID", description = "The run's id.") String id) {
        JsonNode run = api.client().post("/v1/runs/" + encode(id) + "/resume");
        spec.commandLine().getOut().println(run.get("status").asText());
    }

    @Command(
            name = "fork",
            description = "Start a run whose log begins with another's, and print its id.",
            mixinStandardHelpOptions = true)
    void fork(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "ID", description = "The other run's id.") String id,
            @Option(
                            names = "--at",
                            paramLabel = "SEQ",
                            required = true,
                            description = "The first event that is not copied.")
                    long at) {
        ObjectNode body = WireJson.mapper().createObjectNode().put("at", at);
        JsonNode fork = api.client().post("/v1/runs/" + encode(id) + "/fork", body);
        spec.commandLine().getOut().println(fork.get("id").asText());
    }

    @Command(
            name = "redrive",
            description = "Have a failed run go on where it failed, as another, and print its id.",
            mixinStandardHelpOptions = true)
    void redrive(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "ID", description = "The failed run's id.") String id) {
        JsonNode fork = api.client().post("/v1/runs/" + encode(id) + "/redrive");
        spec.commandLine().getOut().println(fork.get("id").asText());
    }

    @Command(
            name = "resolve",
            description = "Publish a halted run's events again, once the cause is mended.",
            mixinStandardHelpOptions = true)
    void resolve(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "ID", description = "The run's id.") String id) {
        boolean halted = !api.client().resolve(id).get("halted").isNull();
        spec.commandLine().getOut().println(halted ? "goes on" : "not halted");
    }

    /** A further query parameter; nothing where it has no value. */
    static String parameter(String name, @Nullable String value) {
        return value == null ? "" : "&" + name + "=" + encode(value);
    }

    static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
