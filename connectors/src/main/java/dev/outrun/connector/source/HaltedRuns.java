package dev.outrun.connector.source;

import dev.outrun.schema.run.RunId;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Runs of a split of which nothing is published, in {@code outrun.halted_run}. Thread-safe. */
public final class HaltedRuns {

    private static final String READ =
            """
            select run_id, next_seq, bad_seq, reason, resolved_at is not null
            from outrun.halted_run where (shard & 1023) % ? = ?
            """;
    private static final String WRITE =
            """
            insert into outrun.halted_run (run_id, shard, next_seq, bad_seq, reason)
            select bad.run_id,
                   coalesce((select r.shard from outrun.run r where r.id = bad.run_id),
                            (select max(o.shard) from outrun.run_outbox o
                             where o.run_id = bad.run_id and o.first_seq = bad.seq),
                            0),
                   bad.next_seq, bad.seq, bad.reason
            from (select ?::uuid, ?::bigint, ?::bigint, ?) bad (run_id, next_seq, seq, reason)
            on conflict (run_id) do update
            set next_seq = excluded.next_seq, bad_seq = excluded.bad_seq, reason = excluded.reason,
                halted_at = clock_timestamp(), resolved_at = null
            """;
    private static final String DELETE =
            """
            delete from outrun.halted_run
            where run_id = ? and resolved_at is not null and (shard & 1023) % ? = ?
            """;

    private static final String VISIBLE =
            "select pg_visible_in_snapshot(?::text::xid8, pg_current_snapshot())";

    private final ControlConnection control;
    private final Split split;

    public HaltedRuns(ControlConnection control, Split split) {
        this.control = control;
        this.split = split;
    }

    /**
     * A run with an append that cannot be published.
     *
     * @param nextSeq from which on nothing is published
     * @param badSeq the append's first
     * @param resolved whether somebody has said that the cause is mended
     */
    public record HaltedRun(
            RunId run, long nextSeq, long badSeq, String reason, boolean resolved) {}

    /** All of them. */
    public List<HaltedRun> read() throws SQLException {
        return control.ask(connection -> {
            List<HaltedRun> found = new ArrayList<>();
            try (PreparedStatement statement = connection.prepareStatement(READ)) {
                statement.setInt(1, split.count());
                statement.setInt(2, split.number());
                ResultSet row = statement.executeQuery();
                while (row.next()) {
                    found.add(
                            new HaltedRun(
                                    new RunId(row.getObject(1, UUID.class)),
                                    row.getLong(2),
                                    row.getLong(3),
                                    row.getString(4),
                                    row.getBoolean(5)));
                }
            }
            return found;
        });
    }

    /** Writes one down, as not resolved. */
    public void write(HaltedRun halted) throws SQLException {
        control.<Integer>ask(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(WRITE)) {
                statement.setObject(1, halted.run().value());
                statement.setLong(2, halted.nextSeq());
                statement.setLong(3, halted.badSeq());
                statement.setString(4, halted.reason());
                return statement.executeUpdate();
            }
        });
    }

    /** Whether what this transaction has done is seen: its commit is delivered a moment before. */
    public boolean isVisible(long xid) throws SQLException {
        return control.ask(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(VISIBLE)) {
                statement.setLong(1, xid);
                ResultSet row = statement.executeQuery();
                row.next();
                return row.getBoolean(1);
            }
        });
    }

    /** Forgets a run that is published again, unless it has halted again. */
    public void delete(RunId run) throws SQLException {
        control.<Integer>ask(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(DELETE)) {
                statement.setObject(1, run.value());
                statement.setInt(2, split.count());
                statement.setInt(3, split.number());
                return statement.executeUpdate();
            }
        });
    }
}
