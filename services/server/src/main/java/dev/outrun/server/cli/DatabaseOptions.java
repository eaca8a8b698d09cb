package dev.outrun.server.cli;

import dev.outrun.ledger.LedgerConfig;
import dev.outrun.ledger.PostgresLedger;
import dev.outrun.server.config.Configuration;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the database is: as an installation's file says, or as {@code ./outrun dev} has it. */
final class DatabaseOptions {

    private static final Map<String, String> OF_DEV =
            Map.of(
                    "postgres.url",
                    "postgresql://postgres:postgres@127.0.0.1:54320/outrun",
                    "kafka.bootstrap_servers",
                    "127.0.0.1:9092",
                    "worker.samples",
                    "true");

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "The settings that ./outrun serve has (default: those of ./outrun dev).")
    @Nullable Path file;

    @Option(
            names = "--postgres",
            paramLabel = "URL",
            description = "The database, as the setting postgres.url.")
    @Nullable String postgres;

    /**
     * A ledger over it, with the one connection that a command needs.
     *
     * @throws dev.outrun.server.config.SettingException as {@code ./outrun serve} would
     */
    PostgresLedger open() {
        return PostgresLedger.open(
                new LedgerConfig(load(Map.of()).config().postgres(), 1, "outrun-key"));
    }

    /** The configuration, with these flags, by path, as well. */
    Configuration.Loaded load(Map<String, String> more) {
        Map<String, String> flags = new LinkedHashMap<>(more);
        ConfigOptions.put(flags, "postgres.url", postgres);
        return Configuration.load(
                file == null ? OF_DEV : Map.of(),
                Optional.ofNullable(file),
                System.getenv(),
                flags);
    }
}
