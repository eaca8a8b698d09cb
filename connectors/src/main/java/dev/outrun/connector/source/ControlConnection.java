package dev.outrun.connector.source;

import dev.outrun.schema.sql.PostgresAddress;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An ordinary connection for short questions, opened when needed and again after it was lost.
 * Thread-safe: one question at a time.
 */
public final class ControlConnection implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ControlConnection.class);

    /** Nothing asked here takes long; a dead server must not hold a close() up. */
    private static final Duration ANSWER = Duration.ofSeconds(10);

    private final PostgresAddress postgres;
    private @Nullable Connection connection;
    private boolean closed;

    public ControlConnection(PostgresAddress postgres) {
        this.postgres = postgres;
    }

    /** Something asked of the database, each statement in a transaction of its own. */
    @FunctionalInterface
    interface Question<T extends @Nullable Object> {
        T ask(Connection connection) throws SQLException;
    }

    synchronized <T extends @Nullable Object> T ask(Question<T> question) throws SQLException {
        try {
            return question.ask(open());
        } catch (SQLException e) {
            drop(); // the next question opens another one
            throw e;
        }
    }

    /** From then on every question is refused. */
    @Override
    public synchronized void close() {
        closed = true;
        drop();
    }

    private void drop() {
        Connection open = connection;
        connection = null;
        if (open != null) {
            try {
                open.close();
            } catch (SQLException e) {
                LOG.debug("connection was lost before its close", e);
            }
        }
    }

    private Connection open() throws SQLException {
        if (closed) {
            throw new SQLException("the connector is closed");
        }
        Connection open = connection;
        if (open == null) {
            open = connect(postgres);
            connection = open;
        }
        return open;
    }

    /** A connection of the caller's own, for short questions. */
    public static Connection connect(PostgresAddress postgres) throws SQLException {
        return connect(postgres, new Properties(), ANSWER);
    }

    /**
     * Another connection, for replication commands.
     *
     * @param answer how long the server may take for one
     */
    static Connection replicating(PostgresAddress postgres, Duration answer) throws SQLException {
        Properties options = new Properties();
        options.setProperty("replication", "database");
        options.setProperty("preferQueryMode", "simple");
        options.setProperty("assumeMinServerVersion", "15");
        return connect(postgres, options, answer);
    }

    /**
     * Another connection.
     *
     * @param answer how long the server may take for one; zero is for ever
     */
    static Connection connect(PostgresAddress postgres, Properties options, Duration answer)
            throws SQLException {
        options.setProperty("user", postgres.user());
        options.setProperty("password", postgres.password());
        options.setProperty("ApplicationName", "outrun-connector");
        options.setProperty("connectTimeout", "5");
        options.setProperty("socketTimeout", Long.toString(answer.toSeconds()));
        options.setProperty("tcpKeepAlive", "true");
        return DriverManager.getConnection(postgres.jdbcUrl(), options);
    }
}
