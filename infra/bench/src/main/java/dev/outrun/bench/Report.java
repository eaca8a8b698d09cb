package dev.outrun.bench;

import dev.outrun.bench.figure.Ages;
import dev.outrun.bench.figure.Figures;
import dev.outrun.connector.audit.AuditReport;
import dev.outrun.schema.json.WireJson;
import java.io.Console;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * What a bench says: each repetition as it comes and the medians, as lines; or all of it in the
 * end, as JSON. Where anything was lost, doubled or reordered there is no figure.
 */
final class Report {

    private static final int GOOD = 0;
    private static final int BAD = 1;

    private final CommandSpec command;
    private final Repetitions repeated;
    private final Map<String, Object> json = new LinkedHashMap<>();
    private final Map<String, Object> parts = new LinkedHashMap<>();
    private final Map<String, Double> ratios = new LinkedHashMap<>();
    private final List<Map<String, Object>> audits = new ArrayList<>();
    private final List<String> wrong = new ArrayList<>();

    /** Measures one time. */
    @FunctionalInterface
    interface Measurement {

        Figures measure() throws Exception;
    }

    Report(CommandSpec command, Repetitions repeated) {
        this.command = command;
        this.repeated = repeated;
        json.put("bench", command.name());
        json.put("at", Instant.now().toString());
        json.put("options", options());
        json.put("machine", Machine.facts());
    }

    private Map<String, Object> options() {
        Map<String, Object> options = new LinkedHashMap<>();
        for (OptionSpec option : command.options()) {
            Object value = option.getValue();
            if (!option.usageHelp() && !option.versionHelp() && value != null) {
                options.put(
                        option.longestName(),
                        value instanceof Enum<?> word
                                ? word.name().toLowerCase(Locale.ROOT)
                                : value.toString());
            }
        }
        return options;
    }

    /**
     * Measures as often as is wanted.
     *
     * @param part of the bench
     * @return the medians
     */
    Figures repeat(String part, Measurement measurement) throws Exception {
        List<Figures> all = new ArrayList<>();
        for (int repetition = 1; repetition <= repeated.count; repetition++) {
            progress(part + ": " + repetition + " of " + repeated.count);
            Figures figures = measurement.measure();
            all.add(figures);
            say(part + " " + repetition, figures.lines());
        }
        Figures medians = Figures.medians(all);
        say(part + ", medians", medians.lines());
        Map<String, Object> said = new LinkedHashMap<>();
        said.put("repetitions", all.stream().map(Figures::toJson).toList());
        said.put("medians", medians.toJson());
        parts.put(part, said);
        return medians;
    }

    /** Adds what is not repeated. */
    void once(String part, Figures figures) {
        say(part, figures.lines());
        parts.put(part, figures.toJson());
    }

    /** How often one figure is another one. */
    void ratio(String name, double figure, double limit) {
        double ratio = figure / limit;
        ratios.put(name, ratio);
        say("%-34s%9.2f".formatted(name, ratio), List.of());
    }

    /** The ages, of which there are to be so many: else there is no figure. */
    Ages whole(Ages ages, long expected) {
        if (ages.count() != expected) {
            wrong.add("%d came of %d".formatted(ages.count(), expected));
            say(wrong.getLast(), List.of());
        }
        return ages;
    }

    /** Adds what the auditor has found. */
    void audited(AuditReport audit) {
        audit.differences().forEach(difference -> wrong.add(difference.toString()));
        audits.add(
                Map.of(
                        "runs", audit.runs(),
                        "events", audit.events(),
                        "differences", audit.found()));
        say(
                "audited: %d runs, %d events, %d differences"
                        .formatted(audit.runs(), audit.events(), audit.found()),
                audit.differences().stream().map(Object::toString).toList());
        if (!audit.isClean() && wrong.isEmpty()) {
            wrong.add("the audit is not clean");
        }
    }

    /** Says what is left to say; the command's exit code. */
    int end() {
        json.put("parts", parts);
        json.put("ratios", ratios);
        json.put("audits", audits);
        json.put("wrong", wrong);
        if (repeated.json) {
            out().println(new String(WireJson.write(json), StandardCharsets.UTF_8));
            out().flush();
        }
        return wrong.isEmpty() ? GOOD : BAD;
    }

    private void say(String head, List<String> lines) {
        if (!repeated.json) {
            out().println(head);
            lines.forEach(line -> out().println("   " + line));
            out().flush();
        }
    }

    /** Says what is going on to whoever waits before a terminal. */
    void progress(String what) {
        if (Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent()) {
            PrintWriter err = command.commandLine().getErr();
            err.println(what + " ...");
            err.flush();
        }
    }

    private PrintWriter out() {
        return command.commandLine().getOut();
    }
}
