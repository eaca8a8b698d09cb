package dev.outrun.connector.source;

import dev.outrun.schema.sql.PostgresAddress;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A slot that has just been made, and the database as it was at the very place where it begins:
 * what this snapshot sees is not streamed, all else is. The snapshot may be looked at until close.
 */
public final class FreshSlot implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(FreshSlot.class);

    private static final int FAILOVER_SINCE = 17;

    private final Connection connection;
    private final String snapshot;

    private FreshSlot(Connection connection, String snapshot) {
        this.connection = connection;
        this.snapshot = snapshot;
    }

    /**
     * Makes the slot, which must not exist.
     *
     * @param failover whether standbys shall have a copy; since PostgreSQL 17
     * @param limit the server first waits for the end of every transaction that is writing
     */
    static FreshSlot create(PostgresAddress postgres, String name, boolean failover, Duration limit)
            throws SQLException {
        Connection connection = ControlConnection.replicating(postgres, limit);
        boolean created = false;
        String create =
                "CREATE_REPLICATION_SLOT \"%s\" LOGICAL pgoutput (snapshot 'export'%s)"
                        .formatted(name, failover && knowsFailover(connection) ? ", failover" : "");
        try (Statement statement = connection.createStatement();
                ResultSet slot = statement.executeQuery(create)) {
            slot.next();
            String snapshot = slot.getString("snapshot_name");
            created = true;
            return new FreshSlot(connection, snapshot);
        } finally {
            if (!created) {
                connection.close();
            }
        }
    }

    /** Has the server give copies of an idle slot to standbys. Since PostgreSQL 17. */
    static void enableFailover(PostgresAddress postgres, String name, Duration limit)
            throws SQLException {
        try (Connection connection = ControlConnection.replicating(postgres, limit);
                Statement statement = connection.createStatement()) {
            statement.execute("ALTER_REPLICATION_SLOT \"%s\" (failover)".formatted(name));
        }
    }

    private static boolean knowsFailover(Connection connection) throws SQLException {
        return connection.getMetaData().getDatabaseMajorVersion() >= FAILOVER_SINCE;
    }

    /** For {@code set transaction snapshot}. */
    public String snapshot() {
        return snapshot;
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            LOG.debug("connection was lost before its close", e);
        }
    }
}
