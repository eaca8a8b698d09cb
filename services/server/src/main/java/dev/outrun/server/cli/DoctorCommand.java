package dev.outrun.server.cli;

import dev.outrun.connector.ConnectorConfig.SourceSettings;
import dev.outrun.connector.doctor.Doctor;
import dev.outrun.connector.doctor.Finding;
import dev.outrun.connector.doctor.Finding.Grade;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.json.WireJson;
import dev.outrun.server.Handlers;
import dev.outrun.server.OutrunConfig;
import dev.outrun.server.config.Configuration;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code outrun doctor}: whether Postgres and Kafka are what Outrun needs. */
@Command(
        name = "doctor",
        description = {
            "Examine Postgres, the replication slot and Kafka, and say what to do.",
            "Changes nothing. Prints a line for each check, and exits with 1 where one failed."
        },
        mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {

    @Spec CommandSpec spec;

    @Mixin InstallationOptions installation;

    @Option(
            names = "--source",
            description =
                    "How its connector gets changes: ${COMPLETION-CANDIDATES}, as the setting"
                            + " connector.source.")
    SourceSettings.@Nullable Kind source;

    @Option(names = "--json", description = "Print a JSON array instead.")
    boolean json;

    @Override
    public Integer call() throws InterruptedException {
        Configuration.Loaded loaded = installation.load();
        OutrunConfig config = loaded.config();
        SourceSettings.Kind kind = source == null ? config.connector().source().kind() : source;
        List<Finding> findings = new ArrayList<>(settings(loaded));
        findings.addAll(
                Doctor.examine(
                        config.postgres(),
                        config.kafka(),
                        config.topics(),
                        config.slot(),
                        kind == SourceSettings.Kind.POLLING));
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            List<Line> lines = findings.stream().map(DoctorCommand::line).toList();
            out.println(new String(WireJson.write(lines), StandardCharsets.UTF_8));
        } else {
            findings.forEach(finding -> print(finding, out));
        }
        out.flush();
        return findings.stream().anyMatch(finding -> finding.grade() == Grade.FAIL)
                ? Main.UNWELL
                : 0;
    }

    /** What the settings lead to before anybody is asked. */
    private static List<Finding> settings(Configuration.Loaded loaded) {
        List<Finding> findings = new ArrayList<>();
        for (String name : loaded.strangers()) {
            findings.add(
                    new Finding(
                            Grade.WARN,
                            "config.variable",
                            name + " is no setting",
                            "unset it, or name it as docs/CONFIG.md does"));
        }
        try {
            Set<String> handlers = new TreeSet<>(Handlers.of(loaded.config()).keySet());
            findings.add(
                    new Finding(
                            Grade.OK,
                            "config.handlers",
                            handlers.isEmpty() ? "no worker" : String.join(", ", handlers),
                            null));
        } catch (OutrunException e) {
            findings.add(
                    new Finding(
                            Grade.FAIL,
                            "config.handlers",
                            String.valueOf(e.getMessage()),
                            "docs/HANDLERS.md says how they come by the class path"));
        }
        return findings;
    }

    private record Line(String grade, String check, String says, @Nullable String advice) {}

    private static Line line(Finding finding) {
        String grade = finding.grade().name().toLowerCase(Locale.ROOT);
        return new Line(grade, finding.check(), finding.says(), finding.advice());
    }

    private static void print(Finding finding, PrintWriter out) {
        String colour =
                switch (finding.grade()) {
                    case OK -> "green";
                    case WARN -> "yellow";
                    case FAIL -> "red";
                };
        Line line = line(finding);
        out.println(
                Ansi.AUTO.string("@|%s %-4s|@ ".formatted(colour, line.grade()))
                        + line.check()
                        + ": "
                        + line.says()
                        + (line.advice() == null ? "" : " -> " + line.advice()));
    }
}
