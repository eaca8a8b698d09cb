package dev.outrun.devstack;

import dev.outrun.schema.sql.PostgresAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Postgres server of its own, on the loopback address, with its data in one directory. The data
 * stays between starts, also after a kill -9 of either process. The server is not in the caller's
 * process group: a Ctrl-C reaches it only as {@link #close()}, in the owner's order. One owner per
 * directory at a time. Thread-safe.
 */
public final class EmbeddedPostgres implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(EmbeddedPostgres.class);

    private static final String DATABASE = "outrun";

    /** SQLSTATE of a connection to a database that is not there. */
    private static final String DATABASE_MISSING = "3D000";

    /** Superuser; connections from this machine are trusted, so any password will do. */
    private static final String USER = "postgres";

    private final PostgresCluster cluster;
    private final DirectoryLock lock;
    private final int port;
    private final AtomicBoolean closed = new AtomicBoolean();

    private EmbeddedPostgres(PostgresCluster cluster, DirectoryLock lock, int port) {
        this.cluster = cluster;
        this.lock = lock;
        this.port = port;
    }

    /**
     * What a server is started with.
     *
     * @param directory where its data is; made when missing
     * @param port on 127.0.0.1; 0 is any free one
     * @param durable whether the data matters; if not, commits do not wait for the disk, and the
     *     server does not outlive a killed owner
     * @param binaries the version; data of another major version is refused by the server
     */
    public record Settings(Path directory, int port, boolean durable, PostgresBinaries binaries) {

        public Settings {
            if (port < 0 || port > 65535) {
                throw new IllegalArgumentException("Postgres port " + port + " is not in 0..65535");
            }
            directory = directory.toAbsolutePath().normalize();
        }

        /** For work that is to be kept. */
        public static Settings durable(Path directory, int port) {
            return new Settings(directory, port, true, PostgresBinaries.bundled());
        }

        /** For tests. */
        public static Settings throwaway(Path directory) {
            return new Settings(directory, 0, false, PostgresBinaries.bundled());
        }
    }

    /**
     * Starts the server and returns when its database {@code outrun} takes connections. A server
     * that a killed owner left running on the directory is stopped first.
     *
     * @throws IllegalStateException if the directory is in use, or the server did not start; the
     *     message has the end of its log
     */
    public static EmbeddedPostgres start(Settings settings) {
        long begin = System.nanoTime();
        DirectoryLock lock = DirectoryLock.take(settings.directory());
        try {
            int port = settings.port() == 0 ? LoopbackPorts.free(1).getFirst() : settings.port();
            PostgresCluster cluster =
                    new PostgresCluster(
                            settings.directory(),
                            settings.durable(),
                            new PostgresPrograms(settings.binaries().installed()));
            EmbeddedPostgres postgres = new EmbeddedPostgres(cluster, lock, port);
            postgres.start();
            log.info(
                    "postgres started port={} directory={} millis={}",
                    port,
                    settings.directory(),
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
            return postgres;
        } catch (Throwable e) {
            lock.close();
            throw e;
        }
    }

    private void start() {
        try {
            cluster.stopOrphan();
            cluster.initialiseWhenEmpty();
            cluster.start(port);
            createDatabaseWhenMissing();
        } catch (InterruptedException e) {
            cluster.stop();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while Postgres started", e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot prepare Postgres", e);
        } catch (SQLException e) {
            cluster.stop();
            throw new IllegalStateException("cannot create database " + DATABASE, e);
        }
    }

    private void createDatabaseWhenMissing() throws SQLException {
        try (Connection connection = connect(DATABASE)) {
            connection.isValid(0);
        } catch (SQLException e) {
            if (!DATABASE_MISSING.equals(e.getSQLState())) {
                throw e;
            }
            try (Connection connection = connect("postgres");
                    Statement statement = connection.createStatement()) {
                statement.execute("create database " + DATABASE);
            }
        }
    }

    private Connection connect(String database) throws SQLException {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setServerNames(new String[] {LoopbackPorts.HOST});
        source.setPortNumbers(new int[] {port});
        source.setDatabaseName(database);
        source.setUser(USER);
        source.setPassword(USER);
        return source.getConnection();
    }

    /** Database {@code outrun}, as superuser {@code postgres}. */
    public PostgresAddress address() {
        return new PostgresAddress(LoopbackPorts.HOST, port, DATABASE, USER, USER);
    }

    /** The server's first process: the parent of all its others. Another one after each start. */
    public ProcessHandle process() {
        return cluster.process();
    }

    /**
     * Stops the server within seconds, whoever is connected; committed work is there at the next
     * start. Again: nothing.
     */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        long begin = System.nanoTime();
        try {
            cluster.stop();
        } finally {
            lock.close();
        }
        log.info(
                "postgres stopped port={} millis={}",
                port,
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
    }
}
