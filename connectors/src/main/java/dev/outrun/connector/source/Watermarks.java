package dev.outrun.connector.source;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A split's watermark, in {@code outrun.watermark}. Thread-safe. */
public final class Watermarks {

    private static final String SNAPSHOT = "select pg_current_snapshot()::text";

    /** The one that covers most last: each slot began with all that those before it had covered. */
    private static final String READ =
            """
            select split, splits, snapshot::text, firehose from outrun.watermark
            where connector = ? order by pg_snapshot_xmax(snapshot), at
            """;

    private static final String WRITE =
            """
            insert into outrun.watermark (slot, connector, split, splits, snapshot, firehose, at)
            values (?, ?, ?, ?, ?::pg_snapshot, ?, clock_timestamp())
            on conflict (slot) do update
            set snapshot = excluded.snapshot, firehose = excluded.firehose, at = excluded.at
            where pg_snapshot_xmax(excluded.snapshot) >= pg_snapshot_xmax(watermark.snapshot)
            """;

    private final ControlConnection control;
    private final Split split;

    public Watermarks(ControlConnection control, Split split) {
        this.control = control;
        this.split = split;
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

    /** What is known to be published of this split, in whatever way the outbox was split before. */
    public List<Coverage> read() throws SQLException {
        List<Found> found =
                control.ask(connection -> {
                    List<Found> all = new ArrayList<>();
                    try (PreparedStatement statement = connection.prepareStatement(READ)) {
                        statement.setString(1, split.connector());
                        ResultSet row = statement.executeQuery();
                        while (row.next()) {
                            all.add(
                                    new Found(
                                            new Split(
                                                    split.connector(),
                                                    row.getInt(1),
                                                    row.getInt(2)),
                                            new Watermark(
                                                    row.getString(3),
                                                    List.of((Long[]) row.getArray(4).getArray()))));
                        }
                    }
                    return all;
                });
        return coverage(found);
    }

    private record Found(Split split, Watermark watermark) {}

    private List<Coverage> coverage(List<Found> found) {
        Map<Optional<Watermark>, List<Integer>> shards = new LinkedHashMap<>();
        for (int shard = 0; shard < Split.SHARDS_MAX; shard++) {
            if (split.has(shard)) {
                shards.computeIfAbsent(last(found, shard), known -> new ArrayList<>()).add(shard);
            }
        }
        return shards.entrySet().stream()
                .map(one -> new Coverage(one.getValue(), one.getKey().orElse(null)))
                .toList();
    }

    private static Optional<Watermark> last(List<Found> found, int shard) {
        return found.reversed().stream()
                .filter(one -> one.split().has(shard))
                .map(Found::watermark)
                .findFirst();
    }

    /** Moves the split's watermark to this one, unless it is further already. */
    public void write(Watermark watermark) throws SQLException {
        control.<Integer>ask(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(WRITE)) {
                statement.setString(1, split.slot());
                statement.setString(2, split.connector());
                statement.setInt(3, split.number());
                statement.setInt(4, split.count());
                statement.setString(5, watermark.snapshot());
                statement.setArray(6, offsets(connection, watermark));
                return statement.executeUpdate();
            }
        });
    }

    private static java.sql.Array offsets(Connection connection, Watermark watermark)
            throws SQLException {
        return connection.createArrayOf("bigint", watermark.firehose().toArray());
    }
}
