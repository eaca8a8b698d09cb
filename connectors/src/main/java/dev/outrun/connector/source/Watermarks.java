package dev.outrun.connector.source;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A slot's watermark, in {@code outrun.watermark}. Thread-safe. */
public final class Watermarks {

    private static final String SNAPSHOT = "select pg_current_snapshot()::text";
    private static final String READ =
            "select snapshot::text, firehose from outrun.watermark where slot = ?";
    private static final String WRITE =
            """
            insert into outrun.watermark (slot, snapshot, firehose, at)
            values (?, ?::pg_snapshot, ?, clock_timestamp())
            on conflict (slot) do update
            set snapshot = excluded.snapshot, firehose = excluded.firehose, at = excluded.at
            where pg_snapshot_xmax(excluded.snapshot) >= pg_snapshot_xmax(watermark.snapshot)
            """;

    private final ControlConnection control;
    private final String slot;

    public Watermarks(ControlConnection control, String slot) {
        this.control = control;
        this.slot = slot;
    }

    /** What has committed by now. */
    public String snapshot() throws SQLException {
        return control.ask(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(SNAPSHOT)) {
                ResultSet row = statement.executeQuery();
                row.next();
                return row.getString(1);
            }
        });
    }

    /** The slot's watermark; null where it has none yet. */
    public @Nullable Watermark read() throws SQLException {
        return control.ask(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(READ)) {
                statement.setString(1, slot);
                ResultSet row = statement.executeQuery();
                return row.next()
                        ? new Watermark(
                                row.getString(1), List.of((Long[]) row.getArray(2).getArray()))
                        : null;
            }
        });
    }

    /** Moves the slot's watermark to this one, unless it is further already. */
    public void write(Watermark watermark) throws SQLException {
        control.<Integer>ask(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(WRITE)) {
                statement.setString(1, slot);
                statement.setString(2, watermark.snapshot());
                statement.setArray(3, offsets(connection, watermark));
                return statement.executeUpdate();
            }
        });
    }

    private static java.sql.Array offsets(Connection connection, Watermark watermark)
            throws SQLException {
        return connection.createArrayOf("bigint", watermark.firehose().toArray());
    }
}
