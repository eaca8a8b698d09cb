package dev.outrun.connector.source;

import dev.outrun.schema.sql.PostgresAddress;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Properties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A slot that has just been made, and the database as it was at the very place where it begins:
 * what this snapshot sees is not streamed, all else is. The snapshot may be looked at until close.
 */
public final class FreshSlot implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(FreshSlot.class);

    private final Connection connection;
    private final String snapshot;

    private FreshSlot(Connection connection, String snapshot) {
        this.connection = connection;
        this.snapshot = snapshot;
    }

    /**
     * Makes the slot, which must not exist.
     *
     * @param limit the server first waits for the end of every transaction that is writing
     */
    static FreshSlot create(PostgresAddress postgres, String name, Duration limit)
            throws SQLException {
        Properties options = new Properties();
        options.setProperty("replication", "database");
        options.setProperty("preferQueryMode", "simple");
        options.setProperty("assumeMinServerVersion", "15");
        Connection connection = ControlConnection.connect(postgres, options, limit);
        boolean created = false;
        String create =
                "CREATE_REPLICATION_SLOT \"%s\" LOGICAL pgoutput (snapshot 'export')"
                        .formatted(name);
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
