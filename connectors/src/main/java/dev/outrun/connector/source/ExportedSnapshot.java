package dev.outrun.connector.source;

import dev.outrun.schema.sql.PostgresAddress;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The database as it was at a moment, which other connections may look at until close. */
public final class ExportedSnapshot implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ExportedSnapshot.class);

    private static final String TAKE =
            """
            select pg_export_snapshot(), pg_current_snapshot()::text,
                   (select system_identifier from pg_control_system()),
                   ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int,
                   pg_current_wal_insert_lsn()::text
            """;

    private final Connection connection;
    private final String name;
    private final String snapshot;
    private final SlotState state;

    private ExportedSnapshot(Connection connection, ResultSet row) throws SQLException {
        this.connection = connection;
        this.name = row.getString(1);
        this.snapshot = row.getString(2);
        Lsn now = Lsn.parse(row.getString(5));
        this.state = new SlotState(row.getLong(3), row.getInt(4), now, now, false);
    }

    /** Takes one. */
    public static ExportedSnapshot take(PostgresAddress postgres) throws SQLException {
        Connection connection = Outbox.connect(postgres);
        boolean taken = false;
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(TAKE)) {
            row.next();
            ExportedSnapshot exported = new ExportedSnapshot(connection, row);
            taken = true;
            return exported;
        } finally {
            if (!taken) {
                connection.close();
            }
        }
    }

    /** For {@code set transaction snapshot}. */
    public String name() {
        return name;
    }

    /** What it sees: {@code pg_snapshot}. */
    public String snapshot() {
        return snapshot;
    }

    /** As of a slot that begins at this moment. */
    public SlotState state() {
        return state;
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
