package dev.outrun.teststack;

import dev.outrun.devstack.Directories;
import dev.outrun.devstack.EmbeddedBroker;
import dev.outrun.devstack.EmbeddedPostgres;
import dev.outrun.schema.sql.PostgresAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Both servers on this machine, the broker in this process; their data goes with them. */
record EmbeddedBackend(Path directory, EmbeddedPostgres server, EmbeddedBroker broker)
        implements Backend {

    static EmbeddedBackend start() {
        Path directory = freshDirectory();
        var both =
                Both.started(
                        () ->
                                EmbeddedPostgres.start(
                                        EmbeddedPostgres.Settings.throwaway(
                                                directory.resolve("postgres"))),
                        () ->
                                EmbeddedBroker.start(
                                        new EmbeddedBroker.Settings(
                                                directory.resolve("broker"), 0)));
        return new EmbeddedBackend(directory, both.first(), both.second());
    }

    /** In the module's build folder, where what a killed JVM leaves is cleaned by the build. */
    private static Path freshDirectory() {
        try {
            Path target = Path.of("target").toAbsolutePath();
            return Files.isDirectory(target)
                    ? Files.createTempDirectory(target, "teststack-")
                    : Files.createTempDirectory("outrun-teststack-");
        } catch (IOException e) {
            throw new UncheckedIOException("no place for the servers' data", e);
        }
    }

    @Override
    public PostgresAddress postgres() {
        return server.address();
    }

    @Override
    public String bootstrapServers() {
        return broker.bootstrapServers();
    }

    @Override
    public void close() {
        try (server;
                broker) {
            // closed in reverse, each even when another fails
        }
        try {
            Directories.delete(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete " + directory, e);
        }
    }
}
