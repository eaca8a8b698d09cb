package dev.outrun.connector.fault;

import dev.outrun.devstack.EmbeddedPostgres;
import dev.outrun.devstack.PostgresBinaries;
import dev.outrun.schema.sql.PostgresAddress;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Set;

/**
 * A physical standby of a Postgres, made from a copy of its files while it ran. The primary keeps
 * its log for it by a physical slot, {@link #NAME}.
 */
final class Standby implements AutoCloseable {

    static final String NAME = "standby";

    /** Of the primary alone; the first two are folders of which a standby needs the empty one. */
    private static final List<String> EMPTY = List.of("pg_wal", "pg_replslot");

    private static final Set<String> LEFT_OUT =
            Set.of("postmaster.pid", "postmaster.opts", "postgresql.auto.conf");

    private final EmbeddedPostgres.Settings settings;
    private EmbeddedPostgres server;

    private Standby(EmbeddedPostgres.Settings settings) {
        this.settings = settings;
        this.server = EmbeddedPostgres.start(settings);
    }

    /**
     * Makes one and starts it.
     *
     * @param slots whether it takes over the primary's failover slots
     */
    static Standby of(PostgresServer primary, Path directory, int port, boolean slots)
            throws SQLException, IOException {
        PostgresAddress from = primary.address();
        Path data = directory.resolve("data");
        try (Connection connection =
                        DriverManager.getConnection(from.jdbcUrl(), from.user(), from.password());
                Statement statement = connection.createStatement()) {
            statement.execute(
                    "select pg_create_physical_replication_slot('%s', true)".formatted(NAME));
            statement.execute("select pg_backup_start('" + NAME + "', true)");
            Files.createDirectories(directory);
            copy(primary.data(), data);
            try (ResultSet row =
                    statement.executeQuery(
                            "select labelfile from pg_backup_stop(wait_for_archive => false)")) {
                row.next();
                Files.writeString(data.resolve("backup_label"), row.getString(1));
            }
        }
        Files.createFile(data.resolve("standby.signal"));
        Files.writeString(
                data.resolve("postgresql.auto.conf"),
                """
                primary_conninfo = 'host=%s port=%d user=%s dbname=%s application_name=%5$s'
                primary_slot_name = '%5$s'
                hot_standby_feedback = on
                sync_replication_slots = %6$s
                wal_retrieve_retry_interval = '100ms'
                """
                        .formatted(
                                from.host(),
                                from.port(),
                                from.user(),
                                from.database(),
                                NAME,
                                slots ? "on" : "off"));
        return new Standby(
                new EmbeddedPostgres.Settings(
                        directory, port, /* durable= */ false, PostgresBinaries.bundled()));
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.walkFileTree(
                from,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(
                            Path folder, BasicFileAttributes attributes) throws IOException {
                        Path relative = from.relativize(folder);
                        Files.copy(
                                folder,
                                to.resolve(relative.toString()),
                                StandardCopyOption.COPY_ATTRIBUTES);
                        return EMPTY.contains(relative.toString())
                                ? FileVisitResult.SKIP_SUBTREE
                                : FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Path relative = from.relativize(file);
                        if (!LEFT_OUT.contains(relative.toString())) {
                            Files.copy(
                                    file,
                                    to.resolve(relative.toString()),
                                    StandardCopyOption.COPY_ATTRIBUTES);
                        }
                        return FileVisitResult.CONTINUE;
                    }

                    // The server may have deleted it meanwhile.
                    @Override
                    public FileVisitResult visitFileFailed(Path file, IOException failure)
                            throws IOException {
                        if (failure instanceof NoSuchFileException) {
                            return FileVisitResult.CONTINUE;
                        }
                        throw failure;
                    }
                });
    }

    /** A database of the same name as one of the primary's. */
    PostgresAddress address(PostgresAddress primary) {
        PostgresAddress own = server.address();
        return new PostgresAddress(
                own.host(), own.port(), primary.database(), own.user(), own.password());
    }

    /** Stops it, until {@link #startAgain}: it gets nothing any more. */
    void stop() {
        server.close();
    }

    void startAgain() {
        server = EmbeddedPostgres.start(settings);
    }

    /** Returns when it has this slot of the primary's, ready to go on with. */
    void awaitSlot(String slot) throws SQLException {
        execute(
                """
                do $$ begin
                    while not exists (
                        select from pg_replication_slots
                        where slot_name = '%s' and synced and not temporary
                          and invalidation_reason is null)
                    loop
                        perform pg_sleep(0.05);
                    end loop;
                end $$
                """
                        .formatted(slot));
    }

    /** Makes it a primary. */
    void promote() throws SQLException {
        execute("select pg_promote(wait => true)");
    }

    private void execute(String sql) throws SQLException {
        PostgresAddress own = server.address();
        try (Connection connection =
                        DriverManager.getConnection(own.jdbcUrl(), own.user(), own.password());
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Override
    public void close() {
        server.close();
    }
}
