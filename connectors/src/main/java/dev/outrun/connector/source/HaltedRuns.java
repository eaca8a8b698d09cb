package dev.outrun.connector.source;

import dev.outrun.schema.run.RunId;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Runs of which nothing is published, in {@code outrun.halted_run}. Thread-safe. */
public final class HaltedRuns {

    private static final String READ =
            "select run_id, next_seq, bad_seq, reason, resolved_at is not null from outrun.halted_run";
    private static final String WRITE =
            """
            insert into outrun.halted_run (run_id, next_seq, bad_seq, reason) values (?, ?, ?, ?)
            on conflict (run_id) do update
            set next_seq = excluded.next_seq, bad_seq = excluded.bad_seq, reason = excluded.reason,
                halted_at = clock_timestamp(), resolved_at = null
            """;
    private static final String DELETE =
            "delete from outrun.halted_run where run_id = ? and resolved_at is not null";

    private final ControlConnection control;

    public HaltedRuns(ControlConnection control) {
        this.control = control;
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

    /** Forgets a run that is published again, unless it has halted again. */
    public void delete(RunId run) throws SQLException {
        control.<Integer>ask(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(DELETE)) {
                statement.setObject(1, run.value());
                return statement.executeUpdate();
            }
        });
    }
}
