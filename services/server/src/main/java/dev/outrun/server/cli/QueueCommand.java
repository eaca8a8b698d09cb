package dev.outrun.server.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outrun.schema.json.WireJson;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code outrun queue}: see and control queues over HTTP. */
@Command(
        name = "queue",
        description = "See and control queues.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
final class QueueCommand {

    /** Takes a limit away. */
    private static final String NONE = "none";

    @Spec CommandSpec spec;

    @Command(
            name = "list",
            description = "List the queues that were changed or have open runs.",
            mixinStandardHelpOptions = true)
    void list(@Mixin ApiOptions api) {
        var out = spec.commandLine().getOut();
        out.printf(
                "%-24s  %-9s %8s %8s %9s  %s%n",
                "QUEUE", "MODE", "QUEUED", "RUNNING", "RETRYING", "LIMITS");
        for (JsonNode queue : api.client().get("/v1/queues").get("queues")) {
            JsonNode runs = queue.get("runs");
            out.printf(
                    "%-24s  %-9s %8s %8s %9s  %s%n",
                    queue.get("queue").asText(),
                    queue.get("mode").asText(),
                    runs.get("queued").asText(),
                    runs.get("running").asText(),
                    runs.get("retrying").asText(),
                    limits(queue));
        }
    }

    private static String limits(JsonNode queue) {
        StringBuilder limits = new StringBuilder(queue.get("order").asText());
        limits.append(" width=").append(queue.get("width").asText());
        if (queue.has("concurrency")) {
            limits.append(" concurrency=").append(queue.get("concurrency").asText());
        }
        if (queue.has("concurrency_per_key")) {
            limits.append(" per-key=").append(queue.get("concurrency_per_key").asText());
        }
        if (queue.has("rate")) {
            limits.append(" rate=").append(queue.get("rate").get("limit").asText());
            limits.append("/").append(queue.get("rate").get("per_ms").asText()).append("ms");
        }
        if (queue.get("run_topics").asText().equals("none")) {
            limits.append(" run-topics=none");
        }
        return limits.toString();
    }

    @Command(
            name = "show",
            description = "Print one queue, as JSON.",
            mixinStandardHelpOptions = true)
    void show(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "QUEUE", description = "Its name.") String queue) {
        print(api.client().get(path(queue)));
    }

    @Command(
            name = "limit",
            description = "Change what a queue keeps to; what is not named stays.",
            mixinStandardHelpOptions = true)
    void limit(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "QUEUE", description = "Its name.") String queue,
            @Option(
                            names = "--concurrency",
                            paramLabel = "N|none",
                            description = "Attempts live at once.")
                    @Nullable String concurrency,
            @Option(
                            names = "--per-key",
                            paramLabel = "N|none",
                            description = "The same, of runs with one concurrency key.")
                    @Nullable String perKey,
            @Option(
                            names = "--rate",
                            paramLabel = "N/MS|none",
                            description = "Starts in any stretch of so many ms, such as 100/60000.")
                    @Nullable String rate,
            @Option(names = "--order", paramLabel = "fifo|lifo", description = "Who goes first.")
                    @Nullable String order,
            @Option(
                            names = "--width",
                            paramLabel = "N",
                            description = "Shards its runs are spread over; never fewer.")
                    @Nullable Integer width,
            @Option(
                            names = "--run-topics",
                            paramLabel = "each|none",
                            description = "Whether runs started from now on have their own topics.")
                    @Nullable String runTopics) {
        ObjectNode change = WireJson.mapper().createObjectNode();
        if (concurrency != null) {
            change.set("concurrency", number(concurrency));
        }
        if (perKey != null) {
            change.set("concurrency_per_key", number(perKey));
        }
        if (rate != null) {
            change.set("rate", rate(rate));
        }
        if (order != null) {
            change.put("order", order);
        }
        if (width != null) {
            change.put("width", width);
        }
        if (runTopics != null) {
            change.put("run_topics", runTopics);
        }
        print(api.client().patch(path(queue), change));
    }

    @Command(
            name = "pause",
            description = "Start no attempt; what runs goes on.",
            mixinStandardHelpOptions = true)
    void pause(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "QUEUE", description = "Its name.") String queue) {
        print(api.client().post(path(queue) + "/pause"));
    }

    @Command(
            name = "resume",
            description = "Start attempts again, after a pause or a drain.",
            mixinStandardHelpOptions = true)
    void resume(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "QUEUE", description = "Its name.") String queue) {
        print(api.client().post(path(queue) + "/resume"));
    }

    @Command(
            name = "drain",
            description = "Finish the runs that have begun, retries included; start no other.",
            mixinStandardHelpOptions = true)
    void drain(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "QUEUE", description = "Its name.") String queue) {
        print(api.client().post(path(queue) + "/drain"));
    }

    @Command(
            name = "redrive",
            description = "Have failed runs go on where they failed, as other runs.",
            mixinStandardHelpOptions = true)
    void redrive(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "QUEUE", description = "Its name.") String queue,
            @Option(
                            names = "--handler",
                            paramLabel = "HANDLER",
                            description = "Only runs of this handler.")
                    @Nullable String handler,
            @Option(
                            names = "--since",
                            paramLabel = "TIME",
                            description = "Only runs that failed then or later.")
                    @Nullable String since,
            @Option(
                            names = "--limit",
                            paramLabel = "N",
                            description = "At most so many (default: 1000).")
                    @Nullable Integer limit) {
        ObjectNode filter = WireJson.mapper().createObjectNode();
        filter.put("handler", handler).put("since", since).put("limit", limit);
        print(api.client().post(path(queue) + "/redrive", filter));
    }

    @Command(
            name = "obliterate",
            description = "Cancel every open run, those that run included.",
            mixinStandardHelpOptions = true)
    void obliterate(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "QUEUE", description = "Its name.") String queue) {
        print(api.client().post(path(queue) + "/obliterate"));
    }

    private void print(JsonNode answer) {
        spec.commandLine().getOut().println(answer.toPrettyString());
    }

    private static String path(String queue) {
        return "/v1/queues/" + RunCommand.encode(queue);
    }

    /** Anything that is no number is sent as it is: the server says what is wrong with it. */
    private static JsonNode number(String text) {
        if (text.equals(NONE)) {
            return WireJson.mapper().nullNode();
        }
        return text.matches("[0-9]{1,9}")
                ? WireJson.mapper().getNodeFactory().numberNode(Integer.parseInt(text))
                : WireJson.mapper().getNodeFactory().textNode(text);
    }

    private static JsonNode rate(String text) {
        if (text.equals(NONE)) {
            return WireJson.mapper().nullNode();
        }
        String[] parts = text.split("/", 2);
        ObjectNode rate = WireJson.mapper().createObjectNode();
        rate.set("limit", number(parts[0]));
        if (parts.length > 1) {
            rate.set("per_ms", number(parts[1]));
        }
        return rate;
    }
}
