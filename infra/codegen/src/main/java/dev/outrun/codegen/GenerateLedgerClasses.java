package dev.outrun.codegen;

import dev.outrun.devstack.EmbeddedPostgres;
import dev.outrun.schema.sql.Migrations;
import dev.outrun.schema.sql.PostgresAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.jooq.codegen.GenerationTool;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Generates the ledger's jOOQ classes: migrates an empty embedded Postgres and reads its schema.
 * Does nothing where the stamp of the last generation shows the same migrations and settings.
 */
public final class GenerateLedgerClasses {

    private GenerateLedgerClasses() {}

    /**
     * Arguments: the folder of the migrations, the folder to write to, the stamp's file, the folder
     * for the server's data.
     */
    public static void main(String[] args) throws Exception {
        if (args.length != 4) {
            throw new IllegalArgumentException("arguments: MIGRATIONS SOURCES STAMP DATA");
        }
        Path sources = Path.of(args[1]);
        Path stamp = Path.of(args[2]);
        String fingerprint =
                Fingerprint.of(Path.of(args[0]), GenerationSettings.writingTo(sources));
        if (Files.isDirectory(sources)
                && Files.exists(stamp)
                && Files.readString(stamp).equals(fingerprint)) {
            return;
        }
        Files.deleteIfExists(stamp);
        generate(sources, Path.of(args[3]));
        Files.writeString(stamp, fingerprint);
    }

    private static void generate(Path sources, Path data) throws Exception {
        try (EmbeddedPostgres postgres =
                EmbeddedPostgres.start(EmbeddedPostgres.Settings.throwaway(data))) {
            PGSimpleDataSource database = database(postgres.address());
            empty(database);
            Migrations.migrate(database);
            GenerationTool tool = new GenerationTool();
            tool.setDataSource(database);
            tool.run(GenerationSettings.writingTo(sources));
        }
    }

    /** The server's data outlives a generation, since making it takes the longest. */
    private static void empty(DataSource database) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("drop publication if exists outrun");
            statement.execute("drop schema if exists outrun cascade");
        }
    }

    private static PGSimpleDataSource database(PostgresAddress address) {
        PGSimpleDataSource database = new PGSimpleDataSource();
        database.setUrl(address.jdbcUrl());
        database.setUser(address.user());
        database.setPassword(address.password());
        return database;
    }
}
