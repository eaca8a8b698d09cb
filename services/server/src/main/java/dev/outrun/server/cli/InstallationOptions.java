package dev.outrun.server.cli;

import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import dev.outrun.server.OutrunConfig;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Where an installation's parts are, for commands that look at it from outside. */
final class InstallationOptions {

    @Spec(Spec.Target.MIXEE)
    CommandSpec spec;

    @Option(
            names = "--postgres",
            paramLabel = "URL",
            defaultValue = "postgresql://postgres:postgres@127.0.0.1:54320/outrun",
            description = "The database (default: that of ./outrun dev).")
    String postgres;

    @Option(
            names = "--kafka",
            paramLabel = "HOST:PORT",
            defaultValue = "127.0.0.1:9092",
            description = "The brokers (default: that of ./outrun dev).")
    String kafka;

    @Option(
            names = "--topic-prefix",
            paramLabel = "PREFIX",
            defaultValue = Topics.DEFAULT_PREFIX,
            description = "What topic names begin with (default: ${DEFAULT-VALUE}).")
    String prefix;

    @Option(
            names = "--slot",
            paramLabel = "SLOT",
            defaultValue = OutrunConfig.DEFAULT_SLOT,
            description =
                    "The connector's replication slot, or what the names of its slots begin with"
                            + " (default: ${DEFAULT-VALUE}).")
    String slot;

    PostgresAddress postgres() {
        return understood(spec, "--postgres", () -> PostgresAddress.parse(postgres));
    }

    KafkaAddress kafka() {
        return new KafkaAddress(kafka, Map.of());
    }

    Topics topics() {
        return understood(spec, "--topic-prefix", () -> new Topics(prefix));
    }

    String slot() {
        return slot;
    }

    /** What an option says, read in this way; a failure is the user's. */
    static <T> T understood(CommandSpec command, String option, Callable<T> reading) {
        try {
            return reading.call();
        } catch (Exception e) {
            throw new ParameterException(command.commandLine(), option + ": " + e.getMessage(), e);
        }
    }
}
