package dev.outrun.server.cli;

import dev.outrun.server.config.Configuration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/**
 * Where an installation's parts are, for commands that look at it from outside: as its file says,
 * or as {@code ./outrun dev} has them.
 */
final class InstallationOptions {

    @Mixin DatabaseOptions database;

    @Option(
            names = "--kafka",
            paramLabel = "HOST:PORT",
            description = "The brokers, as the setting kafka.bootstrap_servers.")
    @Nullable String kafka;

    @Option(
            names = "--topic-prefix",
            paramLabel = "PREFIX",
            description = "What topic names begin with, as the setting topic_prefix.")
    @Nullable String prefix;

    @Option(
            names = "--slot",
            paramLabel = "SLOT",
            description =
                    "The connector's replication slot, or what the names of its slots begin with,"
                            + " as the setting connector.slot.")
    @Nullable String slot;

    /**
     * The configuration, and what looks like a part of it.
     *
     * @throws dev.outrun.server.config.SettingException as {@code ./outrun serve} would
     */
    Configuration.Loaded load() {
        Map<String, String> flags = new LinkedHashMap<>();
        ConfigOptions.put(flags, "kafka.bootstrap_servers", kafka);
        ConfigOptions.put(flags, "topic_prefix", prefix);
        ConfigOptions.put(flags, "connector.slot", slot);
        return database.load(flags);
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
