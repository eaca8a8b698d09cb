package dev.outrun.teststack;

import dev.outrun.schema.sql.Migrations;
import dev.outrun.schema.sql.PostgresAddress;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * The databases of a server: a migrated template, and copies of it. A copy has everything of the
 * template, the publication too, and takes some 25 ms instead of a migration. Thread-safe: Postgres
 * lets several copies be made at once.
 */
final class Databases {

    private static final String TEMPLATE = "outrun_template";

    /** How long the server may take to end a reader that a test has left on its slot. */
    private static final int TERMINATE_MILLIS = 5_000;

    private final PostgresAddress server;

    private Databases(PostgresAddress server) {
        this.server = server;
    }

    static Databases withTemplate(PostgresAddress server) throws SQLException {
        Databases databases = new Databases(server);
        databases.execute("create database " + TEMPLATE);
        migrate(databases.source(TEMPLATE));
        // A template that somebody is connected to cannot be copied.
        databases.execute("alter database " + TEMPLATE + " with allow_connections false");
        return databases;
    }

    /** Makes the schema, with {@link TestStack#SHARDS} shards. */
    static void migrate(DataSource database) throws SQLException {
        Migrations.migrate(database);
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("update outrun.cluster set shards = " + TestStack.SHARDS);
        }
    }

    /** A copy of the template. */
    void create(String name) throws SQLException {
        execute("create database " + name + " template " + TEMPLATE);
    }

    /** Drops a database and its replication slots, whoever is still connected. */
    void drop(String name) throws SQLException {
        try (Connection connection = admin();
                PreparedStatement slots =
                        connection.prepareStatement(
                                """
                                select pg_terminate_backend(active_pid, ?)
                                from pg_replication_slots where database = ? and active
                                """);
                PreparedStatement inactive =
                        connection.prepareStatement(
                                """
                                select pg_drop_replication_slot(slot_name)
                                from pg_replication_slots where database = ? and not active
                                """);
                Statement drop = connection.createStatement()) {
            slots.setLong(1, TERMINATE_MILLIS);
            slots.setString(2, name);
            slots.execute();
            inactive.setString(1, name);
            inactive.execute();
            drop.execute("drop database " + name + " with (force)");
        }
    }

    PostgresAddress address(String database) {
        return new PostgresAddress(
                server.host(), server.port(), database, server.user(), server.password());
    }

    DataSource source(String database) {
        return source(address(database));
    }

    static DataSource source(PostgresAddress database) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setServerNames(new String[] {database.host()});
        source.setPortNumbers(new int[] {database.port()});
        source.setDatabaseName(database.database());
        source.setUser(database.user());
        source.setPassword(database.password());
        return source;
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = admin();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private Connection admin() throws SQLException {
        return source(server.database()).getConnection();
    }
}
