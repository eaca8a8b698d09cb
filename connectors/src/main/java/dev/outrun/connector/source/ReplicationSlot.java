package dev.outrun.connector.source;

import dev.outrun.schema.sql.PostgresAddress;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A replication slot seen from an ordinary connection, which is opened when needed and again after
 * it was lost. Thread-safe: one statement at a time.
 */
public final class ReplicationSlot implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ReplicationSlot.class);

    private static final String STATE =
            """
            select (select system_identifier from pg_control_system()),
                   confirmed_flush_lsn::text, pg_current_wal_insert_lsn()::text, active
            from pg_replication_slots
            where slot_name = ? and slot_type = 'logical' and database = current_database()
            """;
    private static final String CREATE = "select pg_create_logical_replication_slot(?, 'pgoutput')";
    private static final String READER =
            "select coalesce(active_pid, 0) from pg_replication_slots where slot_name = ?";
    private static final String END_READER =
            """
            select count(pg_terminate_backend(active_pid)) from pg_replication_slots
            where slot_name = ? and active_pid = ?
            """;
    private static final String BARRIER = "select outrun.barrier(?)";

    /** Between two looks at a slot that is still taken. */
    private static final Duration LOOK_AGAIN = Duration.ofMillis(10);

    private final PostgresAddress postgres;
    private final String name;
    private @Nullable Connection connection;

    public ReplicationSlot(PostgresAddress postgres, String name) {
        this.postgres = postgres;
        this.name = name;
    }

    /** Makes the slot unless it exists; it begins at the end of the log. */
    public synchronized void createIfMissing() throws SQLException {
        if (state() == null) {
            LOG.info("creating replication slot slot={}", name);
            query(CREATE, name, null);
        }
    }

    /**
     * The slot's state, once nobody reads from it any more.
     *
     * @throws SQLException if the database does not answer, or the slot is still taken after the
     *     limit
     * @throws IllegalStateException if there is no such slot
     */
    public SlotState awaitFree(Duration limit) throws SQLException, InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (true) {
            Found found = state();
            if (found == null) {
                throw new IllegalStateException(
                        "there is no logical replication slot '" + name + "' in this database");
            }
            if (!found.active) {
                return found.state;
            }
            if (System.nanoTime() - deadline > 0) {
                throw new SQLException(
                        "replication slot '" + name + "' is still read by another process");
            }
            Thread.sleep(LOOK_AGAIN);
        }
    }

    /** The process id of the slot's reader, 0 while it has none. */
    public int reader() throws SQLException {
        return (int) query(READER, name, null);
    }

    /** Ends this reader by force, if it still reads from the slot. */
    public void endReader(int process) throws SQLException {
        if (query(END_READER, name, process) > 0) {
            LOG.warn("ended a reader that did not stop slot={} process={}", name, process);
        }
    }

    /** Writes a marker into the log, in a transaction of its own. */
    public void barrier(String id) throws SQLException {
        query(BARRIER, id, null);
    }

    @Override
    public synchronized void close() {
        Connection open = connection;
        connection = null;
        if (open != null) {
            try {
                open.close();
            } catch (SQLException e) {
                LOG.debug("connection was lost before its close slot={}", name, e);
            }
        }
    }

    private record Found(SlotState state, boolean active) {}

    private synchronized @Nullable Found state() throws SQLException {
        try (PreparedStatement statement = open().prepareStatement(STATE)) {
            statement.setString(1, name);
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? new Found(
                                new SlotState(
                                        row.getLong(1),
                                        Lsn.parse(row.getString(2)),
                                        Lsn.parse(row.getString(3))),
                                row.getBoolean(4))
                        : null;
            }
        } catch (SQLException e) {
            close();
            throw e;
        }
    }

    /** The first column as a number; 0 where it is none. */
    private synchronized long query(String sql, String text, @Nullable Integer number)
            throws SQLException {
        try (PreparedStatement statement = open().prepareStatement(sql)) {
            statement.setString(1, text);
            if (number != null) {
                statement.setInt(2, number);
            }
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && row.getObject(1) instanceof Number n ? n.longValue() : 0;
            }
        } catch (SQLException e) {
            close(); // the next call opens another one
            throw e;
        }
    }

    private Connection open() throws SQLException {
        Connection open = connection;
        if (open == null) {
            Properties options = new Properties();
            options.setProperty("user", postgres.user());
            options.setProperty("password", postgres.password());
            options.setProperty("ApplicationName", "outrun-connector");
            // Seconds. Nothing asked here takes long; a dead server must not hold a close() up.
            options.setProperty("connectTimeout", "5");
            options.setProperty("socketTimeout", "10");
            options.setProperty("tcpKeepAlive", "true");
            open = DriverManager.getConnection(postgres.jdbcUrl(), options);
            connection = open;
        }
        return open;
    }
}
