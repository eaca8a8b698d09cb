package dev.outrun.server.cli;

import dev.outrun.ledger.LedgerConfig;
import dev.outrun.ledger.PostgresLedger;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the database is, for commands that need nothing else of an installation. */
final class DatabaseOptions {

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
        Map<String, String> flags = new LinkedHashMap<>();
        ConfigOptions.put(flags, "postgres.url", postgres);
        return PostgresLedger.open(
                new LedgerConfig(
                        InstallationOptions.load(file, flags).config().postgres(),
                        1,
                        "outrun-key"));
    }
}
