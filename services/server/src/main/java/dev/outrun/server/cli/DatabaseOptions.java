package dev.outrun.server.cli;

import dev.outrun.ledger.LedgerConfig;
import dev.outrun.ledger.PostgresLedger;
import dev.outrun.schema.sql.PostgresAddress;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Where the database is, for commands that need nothing else of an installation. */
final class DatabaseOptions {

    @Spec(Spec.Target.MIXEE)
    CommandSpec spec;

    @Option(
            names = "--postgres",
            paramLabel = "URL",
            defaultValue = "postgresql://postgres:postgres@127.0.0.1:54320/outrun",
            description = "The database (default: that of ./outrun dev).")
    String postgres;

    /** A ledger over it, with the one connection that a command needs. */
    PostgresLedger open() {
        return PostgresLedger.open(
                new LedgerConfig(
                        InstallationOptions.understood(
                                spec, "--postgres", () -> PostgresAddress.parse(postgres)),
                        1,
                        "outrun-key"));
    }
}
