package dev.outrun.devstack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KilledOwnerTest {

    private static final int END_OF_STREAM = -1;

    @TempDir Path directory;

    @Test
    void start_afterKill_stopsTheOrphanAndFindsAllData() throws Exception {
        // Given
        killOnceWritten(true);
        ProcessHandle orphan = postmaster();

        // When
        try (EmbeddedPostgres postgres =
                        EmbeddedPostgres.start(
                                EmbeddedPostgres.Settings.durable(
                                        directory.resolve("postgres"), 0));
                EmbeddedBroker broker =
                        EmbeddedBroker.start(
                                new EmbeddedBroker.Settings(directory.resolve("broker"), 0))) {

            // Then
            Topic topic = new Topic(broker.bootstrapServers(), KilledOwner.TOPIC);
            assertEquals("yes", Sql.text(postgres.address(), "select value from kept"));
            assertEquals("yes", topic.first());
            assertEquals(1, topic.append("and on"));
            assertNotEquals(orphan, postmaster());
        }
    }

    @Test
    void throwawayServer_ownerKilled_endsToo() throws Exception {
        // Given
        Process owner = written(false);
        try (Socket client = new Socket(InetAddress.ofLiteral("127.0.0.1"), port())) {
            client.setSoTimeout(30_000);

            // When
            owner.destroyForcibly();

            // Then
            assertEquals(END_OF_STREAM, client.getInputStream().read());
        }
    }

    /** As the server itself has written it down. */
    private int port() throws IOException {
        Path pidFile = directory.resolve("postgres").resolve("data").resolve(Postmaster.PID_FILE);
        return Integer.parseInt(Files.readAllLines(pidFile).get(3).strip());
    }

    private ProcessHandle postmaster() {
        return Postmaster.namedBy(directory.resolve("postgres").resolve("data"))
                .orElseThrow()
                .process();
    }

    private void killOnceWritten(boolean durable) throws IOException, InterruptedException {
        written(durable).destroyForcibly().waitFor();
    }

    private Process written(boolean durable) throws IOException {
        Process owner =
                new ProcessBuilder(
                                List.of(
                                        ProcessHandle.current().info().command().orElse("java"),
                                        "-cp",
                                        System.getProperty("java.class.path"),
                                        KilledOwner.class.getName(),
                                        directory.toString(),
                                        Boolean.toString(durable)))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        BufferedReader said = owner.inputReader(StandardCharsets.UTF_8);
        assertTrue(said.lines().anyMatch(KilledOwner.WRITTEN::equals), "the owner did not start");
        return owner;
    }
}
