package dev.outrun.server.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.outrun.schema.json.WireJson;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code outrun schedule}: see and control schedules over HTTP. */
@Command(
        name = "schedule",
        description = "See and control schedules: runs that start again and again.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
final class ScheduleCommand {

    private static final String SCHEDULES = "/v1/schedules";

    @Spec CommandSpec spec;

    @Command(
            name = "list",
            description = "List schedules, by name.",
            mixinStandardHelpOptions = true)
    void list(@Mixin ApiOptions api) {
        var out = spec.commandLine().getOut();
        out.printf("%-24s  %-32s %-24s  %s%n", "SCHEDULE", "FIRES", "NEXT", "LAST");
        String cursor = "";
        do {
            JsonNode page = api.client().get(SCHEDULES + cursor);
            for (JsonNode schedule : page.get("schedules")) {
                out.printf(
                        "%-24s  %-32s %-24s  %s%n",
                        schedule.get("schedule").asText(),
                        fires(schedule),
                        schedule.get("paused").asBoolean()
                                ? "paused"
                                : schedule.get("next").path(0).asText("never"),
                        schedule.get("last_at").asText("never"));
            }
            cursor = page.get("next").isNull() ? "" : "?cursor=" + page.get("next").asText();
        } while (!cursor.isEmpty());
    }

    private static String fires(JsonNode schedule) {
        return schedule.get("cron").isNull()
                ? "every " + schedule.get("every_ms").asText() + " ms"
                : schedule.get("cron").asText() + " " + schedule.get("time_zone").asText();
    }

    @Command(
            name = "show",
            description = "Print one schedule, as JSON.",
            mixinStandardHelpOptions = true)
    void show(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "SCHEDULE", description = "Its name.") String name) {
        print(api.client().get(path(name)));
    }

    @Command(
            name = "put",
            description = "Make a schedule, or make it this one; said again it changes nothing.",
            mixinStandardHelpOptions = true)
    void put(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "SCHEDULE", description = "Its name.") String name,
            @Parameters(paramLabel = "HANDLER", description = "What it runs, such as echo.")
                    String handler,
            @Option(
                            names = "--cron",
                            paramLabel = "CRON",
                            description = "When, such as '0 9 * * mon-fri' or @daily.")
                    @Nullable String cron,
            @Option(
                            names = "--time-zone",
                            paramLabel = "ZONE",
                            description =
                                    "Whose clock it is, such as Europe/Berlin (default: UTC).")
                    @Nullable String timeZone,
            @Option(
                            names = "--every-ms",
                            paramLabel = "MS",
                            description = "Instead of a cron: every so many milliseconds.")
                    @Nullable Long everyMs,
            @Option(
                            names = "--starts-at",
                            paramLabel = "TIME",
                            description = "Not before this time; an interval counts from it.")
                    @Nullable String startsAt,
            @Option(names = "--ends-at", paramLabel = "TIME", description = "Not after this time.")
                    @Nullable String endsAt,
            @Option(
                            names = "--catch-up",
                            paramLabel = "skip|one|all",
                            description = "What fires of what was missed (default: one).")
                    @Nullable String catchUp,
            @Option(
                            names = "--input",
                            paramLabel = "JSON",
                            defaultValue = "null",
                            description = "The handler's input (default: ${DEFAULT-VALUE}).")
                    String input,
            @Option(
                            names = "--queue",
                            paramLabel = "QUEUE",
                            description = "The runs' queue (default: default).")
                    @Nullable String queue,
            @Option(
                            names = "--priority",
                            paramLabel = "N",
                            description = "The greatest in its queue goes first (default: 0).")
                    @Nullable Integer priority,
            @Option(
                            names = "--dedupe-key",
                            paramLabel = "KEY",
                            description = "Start nothing while a run of this key is open.")
                    @Nullable String dedupeKey,
            @Option(
                            names = "--timeout-ms",
                            paramLabel = "MS",
                            description = "How long a run may take.")
                    @Nullable Long timeoutMs) {
        ObjectNode run = WireJson.mapper().createObjectNode().put("handler", handler);
        run.putRawValue("input", new RawValue(ApiClient.checked(input)));
        putIfSaid(run, "queue", queue);
        putIfSaid(run, "dedupe_key", dedupeKey);
        if (priority != null) {
            run.put("priority", priority);
        }
        if (timeoutMs != null) {
            run.put("timeout_ms", timeoutMs);
        }
        ObjectNode schedule = WireJson.mapper().createObjectNode();
        putIfSaid(schedule, "cron", cron);
        putIfSaid(schedule, "time_zone", timeZone);
        putIfSaid(schedule, "starts_at", startsAt);
        putIfSaid(schedule, "ends_at", endsAt);
        putIfSaid(schedule, "catch_up", catchUp);
        if (everyMs != null) {
            schedule.put("every_ms", everyMs);
        }
        print(api.client().put(path(name), schedule.set("run", run)));
    }

    @Command(
            name = "pause",
            description = "Start nothing until it is resumed; nothing of that is caught up with.",
            mixinStandardHelpOptions = true)
    void pause(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "SCHEDULE", description = "Its name.") String name) {
        print(api.client().post(path(name) + "/pause"));
    }

    @Command(
            name = "resume",
            description = "Go on with the next occurrence.",
            mixinStandardHelpOptions = true)
    void resume(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "SCHEDULE", description = "Its name.") String name) {
        print(api.client().post(path(name) + "/resume"));
    }

    @Command(
            name = "trigger",
            description = "Start its run now, out of turn, and print the run's id.",
            mixinStandardHelpOptions = true)
    void trigger(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "SCHEDULE", description = "Its name.") String name) {
        JsonNode run = api.client().post(path(name) + "/trigger");
        spec.commandLine().getOut().println(run.get("id").asText());
    }

    @Command(
            name = "delete",
            description = "End a schedule; the runs it has started go on.",
            mixinStandardHelpOptions = true)
    void delete(
            @Mixin ApiOptions api,
            @Parameters(paramLabel = "SCHEDULE", description = "Its name.") String name) {
        api.client().delete(path(name));
    }

    private static void putIfSaid(ObjectNode json, String field, @Nullable String value) {
        if (value != null) {
            json.put(field, value);
        }
    }

    private void print(JsonNode answer) {
        spec.commandLine().getOut().println(answer.toPrettyString());
    }

    private static String path(String name) {
        return SCHEDULES + "/" + RunCommand.encode(name);
    }
}
