package dev.outrun.devstack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedPostgresTest {

    @TempDir Path directory;

    @Test
    void start_afterClose_findsItsData() throws SQLException {
        // Given
        try (EmbeddedPostgres first = throwaway()) {
            Sql.run(first.address(), "create table kept as select 'yes' as value");
        }

        // When
        try (EmbeddedPostgres second = throwaway()) {

            // Then
            assertEquals("yes", Sql.text(second.address(), "select value from kept"));
        }
    }

    @Test
    void start_databaseDropped_isMadeAgain() throws SQLException {
        // Given
        try (EmbeddedPostgres first = throwaway()) {
            Sql.run(Sql.maintenance(first.address()), "drop database outrun");
        }

        // When
        try (EmbeddedPostgres second = throwaway()) {

            // Then
            assertEquals("outrun", Sql.text(second.address(), "select current_database()"));
        }
    }

    @Test
    void settings_logicalReplication_isOn() throws SQLException {
        try (EmbeddedPostgres postgres = throwaway()) {
            // When
            String settings =
                    Sql.text(
                            postgres.address(),
                            """
                            select string_agg(setting, ' ' order by name) from pg_settings where name in
                                ('fsync', 'listen_addresses', 'max_connections', 'wal_level')
                            """);

            // Then
            assertEquals("off 127.0.0.1 300 logical", settings);
        }
    }

    @Test
    void start_directoryInUse_isRefused() {
        try (EmbeddedPostgres owner = throwaway()) {
            // When
            IllegalStateException refused =
                    assertThrows(IllegalStateException.class, this::throwaway);

            // Then
            assertTrue(refused.toString().contains("in use"), refused.toString());
            assertFalse(owner.address().toString().isEmpty());
        }
    }

    @Test
    void start_portTaken_saysSoAndFreesTheDirectory() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            // Given
            EmbeddedPostgres.Settings settings =
                    EmbeddedPostgres.Settings.durable(directory, taken.getLocalPort());

            // When
            IllegalStateException failure =
                    assertThrows(
                            IllegalStateException.class, () -> EmbeddedPostgres.start(settings));

            // Then
            assertTrue(failure.toString().contains("could not bind"), failure.toString());
        }
        throwaway().close();
    }

    @Test
    void start_processIdNowOfAnotherProgram_leavesThatAloneAndStarts() throws IOException {
        // Given
        throwaway().close();
        Path pidFile = directory.resolve("data").resolve(Postmaster.PID_FILE);
        Files.writeString(pidFile, ProcessHandle.current().pid() + "\n" + directory + "\n");

        // When
        try (EmbeddedPostgres postgres = throwaway()) {

            // Then
            assertNotEquals(ProcessHandle.current().pid(), postmaster().pid());
            assertFalse(postgres.address().toString().isEmpty());
        }
    }

    @Test
    void server_itsProcessGroup_isNotOurs() throws IOException {
        try (EmbeddedPostgres postgres = throwaway()) {
            // When
            long group = processGroup(postmaster().pid());

            // Then
            assertEquals(postmaster().pid(), group, postgres.address()::toString);
            assertNotEquals(processGroup(ProcessHandle.current().pid()), group);
        }
    }

    @Test
    void close_clientsConnected_endsTheServer() throws Exception {
        // Given
        EmbeddedPostgres postgres = throwaway();
        try (var open = Sql.connect(postgres.address())) {
            assertTrue(open.isValid(5));

            // When
            postgres.close();
        }

        // Then
        assertTrue(Postmaster.namedBy(directory.resolve("data")).isEmpty());
    }

    @Test
    void close_threadInterrupted_stopsAndKeepsTheFlag() {
        // Given
        EmbeddedPostgres postgres = throwaway();

        // When
        Thread.currentThread().interrupt();
        postgres.close();

        // Then
        assertTrue(Thread.interrupted());
        assertTrue(Postmaster.namedBy(directory.resolve("data")).isEmpty());
    }

    private EmbeddedPostgres throwaway() {
        return EmbeddedPostgres.start(EmbeddedPostgres.Settings.throwaway(directory));
    }

    private ProcessHandle postmaster() {
        return Postmaster.namedBy(directory.resolve("data")).orElseThrow().process();
    }

    private static long processGroup(long pid) throws IOException {
        List<String> command = List.of("ps", "-o", "pgid=", "-p", Long.toString(pid));
        byte[] said = new ProcessBuilder(command).start().getInputStream().readAllBytes();
        return Long.parseLong(new String(said, StandardCharsets.US_ASCII).strip());
    }
}
