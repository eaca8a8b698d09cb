package dev.outrun.connector.source;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.topic.Topics.RunTopic;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

/** Which run topics the ledger does not need any more. Thread-safe. */
public final class ReapableRuns {

    private static final String LOCK = "(hashtext('outrun.reaper'))";

    /**
     * Published is the whole log if its last row is: whoever appended that row had the run's lock,
     * so every snapshot that sees it sees the earlier ones.
     */
    private static final String REAP =
            """
            with reapable as (
                select r.tenant, r.id
                from unnest(?::text[], ?::uuid[]) as topic (tenant, run)
                join outrun.run r on r.id = topic.run and r.tenant = topic.tenant
                where r.finished_at < ?
                  and not exists (select from outrun.halted_run h where h.run_id = r.id)
                  and (select exists (
                           select from outrun.watermark w
                           where (o.shard & 1023) % w.splits = w.split
                             and pg_visible_in_snapshot(o.xid::text::xid8, w.snapshot))
                       from outrun.run_outbox o
                       where o.run_id = r.id
                       order by o.first_seq desc limit 1) is not false
            ), marked as (
                update outrun.run r set topic_deleted_at = clock_timestamp()
                from reapable where r.id = reapable.id and r.topic_deleted_at is null
            )
            select tenant, id from reapable
            """;

    private static final String UNUSED =
            """
            select topic.tenant, topic.run
            from unnest(?::text[], ?::uuid[]) as topic (tenant, run)
            where not exists (select from outrun.run r
                              where r.id = topic.run and r.tenant = topic.tenant)
              and not exists (select from outrun.run_outbox o
                              where o.run_id = topic.run and o.tenant = topic.tenant)
            """;

    private final ControlConnection control;

    public ReapableRuns(ControlConnection control) {
        this.control = control;
    }

    /** Keeps reapers out for as long as the connection lasts; waits for one that is at work. */
    public static void keepReapersOut(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("select pg_advisory_lock_shared" + LOCK);
        }
    }

    /** False while another reaper is at work, or somebody keeps reapers out. */
    public boolean tryLock() throws SQLException {
        return lock("select pg_try_advisory_lock");
    }

    public void unlock() throws SQLException {
        lock("select pg_advisory_unlock");
    }

    private boolean lock(String call) throws SQLException {
        return control.ask(connection -> {
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery(call + LOCK)) {
                row.next();
                return row.getBoolean(1);
            }
        });
    }

    /**
     * Gives topics up, and says so in {@code outrun.run.topic_deleted_at}: those of runs that have
     * finished before this time, are published from the first event to the last, and are not
     * halted. Saying it twice is harmless.
     *
     * @return those that may be deleted now
     */
    public List<RunTopic> reap(Collection<RunTopic> topics, Instant finishedBefore)
            throws SQLException {
        return control.ask(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(REAP)) {
                statement.setTimestamp(3, Timestamp.from(finishedBefore));
                return select(statement, connection, topics);
            }
        });
    }

    /** Those that no run and no append belongs to. */
    public List<RunTopic> unused(Collection<RunTopic> topics) throws SQLException {
        return control.ask(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(UNUSED)) {
                return select(statement, connection, topics);
            }
        });
    }

    private static List<RunTopic> select(
            PreparedStatement statement, Connection connection, Collection<RunTopic> topics)
            throws SQLException {
        statement.setArray(
                1,
                array(connection, "text", topics.stream().map(t -> t.tenant().name()).toArray()));
        statement.setArray(
                2, array(connection, "uuid", topics.stream().map(t -> t.run().value()).toArray()));
        List<RunTopic> found = new ArrayList<>();
        try (ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                found.add(
                        new RunTopic(
                                new Tenant(row.getString(1)),
                                new RunId(row.getObject(2, UUID.class))));
            }
        }
        return found;
    }

    private static Array array(Connection connection, String type, Object[] values)
            throws SQLException {
        return connection.createArrayOf(type, values);
    }
}
