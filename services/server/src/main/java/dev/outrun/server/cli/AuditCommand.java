package dev.outrun.server.cli;

import dev.outrun.connector.audit.AuditReport;
import dev.outrun.connector.audit.AuditScope;
import dev.outrun.connector.audit.Auditor;
import dev.outrun.connector.audit.Difference;
import dev.outrun.connector.audit.Repair;
import dev.outrun.connector.audit.RepairReport;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import dev.outrun.server.OutrunConfig;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code outrun audit}: whether Kafka has exactly what the ledger says. */
@Command(
        name = "audit",
        description = {
            "Compare ledger, run topics and firehose, event by event.",
            "Every event of the ledger must be once in the firehose, in order, and in its run's"
                    + " topic at offset = seq. Exits with 1, and a line for each difference, where"
                    + " that is not so.",
            "With --repair the connector mends what can be mended, and the audit is made again: it"
                    + " exits with 0 only if nothing is left."
        },
        mixinStandardHelpOptions = true)
final class AuditCommand implements Callable<Integer> {

    @Spec CommandSpec spec;

    @ArgGroup Only only = new Only();

    /** Which runs; one of them, or none for all. */
    static final class Only {

        @Option(names = "--run", paramLabel = "ID", description = "Only this run.")
        @Nullable String run;

        @Option(
                names = "--since",
                paramLabel = "TIME",
                description =
                        "Only runs created since, as in 2030-01-31T12:00:00Z, or PT1H for an hour ago.")
        @Nullable String since;
    }

    @Mixin InstallationOptions installation;

    @Option(
            names = "--patience",
            paramLabel = "SECONDS",
            defaultValue = "10",
            description =
                    "How long to wait for a connector that is behind (default: ${DEFAULT-VALUE}).")
    int patience;

    @Option(
            names = "--repair",
            description = {
                "Have the connector make run topics what the ledger says, and append to the firehose"
                        + " what it lacks.",
                "Copies and late events in the firehose stay: it is never rewritten, and readers"
                        + " leave them out by their seq."
            })
    boolean repair;

    @Override
    public Integer call() throws InterruptedException {
        OutrunConfig config = installation.load().config();
        PostgresAddress database = config.postgres();
        KafkaAddress brokers = config.kafka();
        Topics topics = config.topics();
        String slot = config.slot();
        Duration limit = Duration.ofSeconds(patience);
        AuditReport report =
                repair
                        ? repaired(Repair.repair(database, brokers, topics, slot, limit, scope()))
                        : Auditor.audit(database, brokers, topics, slot, limit, scope());
        print(report);
        return report.isClean() ? 0 : Main.DIFFERENT;
    }

    /** Says what was mended; returns what is left. */
    private AuditReport repaired(RepairReport repair) {
        PrintWriter out = spec.commandLine().getOut();
        for (Difference difference : repair.mended()) {
            out.println("mended " + difference);
        }
        out.printf(
                "%d differences, repaired %d runs; left:%n",
                repair.before().found(), repair.asked());
        return repair.after();
    }

    private void print(AuditReport report) {
        PrintWriter out = spec.commandLine().getOut();
        for (Difference difference : report.differences()) {
            out.println(difference);
        }
        if (report.found() > report.differences().size()) {
            out.printf("... and %d more%n", report.found() - report.differences().size());
        }
        out.printf(
                "%d runs, %d events, %d differences%n",
                report.runs(), report.events(), report.found());
        out.flush();
    }

    private AuditScope scope() {
        String run = only.run;
        String since = only.since;
        return new AuditScope(
                run == null
                        ? null
                        : InstallationOptions.understood(spec, "--run", () -> RunId.parse(run)),
                since == null
                        ? null
                        : InstallationOptions.understood(
                                spec,
                                "--since",
                                () ->
                                        since.startsWith("P")
                                                ? Instant.now().minus(Duration.parse(since))
                                                : Instant.parse(since)));
    }
}
