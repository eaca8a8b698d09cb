package dev.outrun.connector.source;

import dev.outrun.connector.source.SlotHealth.WalStatus;
import dev.outrun.schema.sql.PostgresAddress;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A replication slot seen from an ordinary connection. Thread-safe. */
public final class ReplicationSlot {

    private static final Logger LOG = LoggerFactory.getLogger(ReplicationSlot.class);

    /** One that is just being made, perhaps for somebody who has given up, has no position yet. */
    private static final String STATE =
            """
            select (select system_identifier from pg_control_system()),
                   ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int,
                   coalesce(confirmed_flush_lsn, '0/0')::text, pg_current_wal_insert_lsn()::text,
                   coalesce(wal_status = 'lost', false), coalesce(active_pid, 0)
            from pg_replication_slots
            where slot_name = ? and slot_type = 'logical' and database = current_database()
            """;

    /** Columns that an older server has not got are null: it calls none of them by name. */
    private static final String HEALTH =
            """
            select active, coalesce(wal_status, 'unreserved'), safe_wal_size,
                   coalesce(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), confirmed_flush_lsn), 0),
                   coalesce(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), restart_lsn), 0),
                   to_jsonb(s) ->> 'invalidation_reason',
                   coalesce((to_jsonb(s) ->> 'failover')::boolean, false)
            from pg_replication_slots s
            where slot_name = ? and slot_type = 'logical' and database = current_database()
            """;

    /** Slots know of failover since PostgreSQL 17; nobody may say so of a standby's copy. */
    private static final String WITHOUT_FAILOVER =
            """
            select count(*) from pg_replication_slots s
            where slot_name = ? and to_jsonb(s) ->> 'failover' = 'false' and not active
              and not pg_is_in_recovery()
            """;

    private static final String DROP =
            "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = ?";
    private static final String READER =
            "select coalesce(active_pid, 0) from pg_replication_slots where slot_name = ?";
    private static final String END_READER =
            """
            select count(pg_terminate_backend(active_pid)) from pg_replication_slots
            where slot_name = ? and active_pid = ?
            """;
    private static final String PUBLICATIONS = "select outrun.make_publications(?)";
    private static final String OTHERS =
            """
            from pg_replication_slots s join outrun.lease l on l.slot = s.slot_name
            where l.connector = ? and l.splits <> ? and s.database = current_database()
            """;

    /** For those that drop the same slots: who drops one reads it, in the server's books. */
    private static final String ONE_DROPS =
            "select pg_advisory_xact_lock(hashtext('outrun.drop_others'))";

    private static final String END_OTHERS =
            "select count(pg_terminate_backend(s.active_pid, 1000)) " + OTHERS;
    private static final String DROP_OTHERS =
            "select count(pg_drop_replication_slot(s.slot_name)::text) "
                    + OTHERS
                    + " and not s.active";
    private static final String BARRIER = "select outrun.barrier(?)";
    private static final String STRAYS =
            """
            with told as (update outrun.lease set strays = strays + 1 where slot = ? returning slot)
            select pg_logical_emit_message(true, 'outrun.strays', slot) from told
            """;

    /** Between two looks at a slot that is still taken. */
    private static final Duration LOOK_AGAIN = Duration.ofMillis(10);

    /** For a reader to end by itself. */
    private static final Duration PATIENCE = Duration.ofMillis(500);

    private final PostgresAddress postgres;
    private final ControlConnection control;
    private final Split split;
    private final String name;

    public ReplicationSlot(PostgresAddress postgres, ControlConnection control, Split split) {
        this.postgres = postgres;
        this.control = control;
        this.split = split;
        this.name = split.slot();
    }

    /**
     * Makes the slot anew, at the end of the log, and what it needs before that.
     *
     * @param failover whether standbys shall have a copy, where the server can do that
     */
    public FreshSlot recreate(boolean failover, Duration limit) throws SQLException {
        if (split.count() > 1) {
            query(PUBLICATIONS, split.count());
        }
        query(DROP, name);
        return FreshSlot.create(postgres, name, failover, limit);
    }

    /**
     * Has the server give copies of the slot to standbys, if it can; nobody may be reading from it.
     */
    public void enableFailover(Duration limit) {
        try {
            if (query(WITHOUT_FAILOVER, name) > 0) {
                FreshSlot.enableFailover(postgres, name, limit);
                LOG.info("the slot is a failover slot from now on slot={}", name);
            }
        } catch (SQLException e) {
            LOG.warn("the slot cannot be made a failover slot slot={}", name, e);
        }
    }

    /** How it is just now; null where there is no such slot. */
    public @Nullable SlotHealth health() throws SQLException {
        return control.ask(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(HEALTH)) {
                statement.setString(1, name);
                ResultSet row = statement.executeQuery();
                return row.next()
                        ? new SlotHealth(
                                row.getBoolean(1),
                                WalStatus.valueOf(row.getString(2).toUpperCase(Locale.ROOT)),
                                row.getLong(4),
                                row.getLong(5),
                                row.getObject(3, Long.class),
                                row.getString(6),
                                row.getBoolean(7))
                        : null;
            }
        });
    }

    /**
     * The slot's state, once nobody reads from it any more; null where there is no such slot. For
     * whoever has the right to the slot: another reader that does not end soon is ended, because it
     * belongs to a process that has lost its right, and is perhaps frozen.
     *
     * @throws SQLException if the database does not answer, or the slot is still taken after the
     *     limit
     */
    public @Nullable SlotState awaitFree(Duration limit) throws SQLException, InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        long patience = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            Found found = state();
            if (found == null || found.reader == 0) {
                return found == null ? null : found.state;
            }
            if (System.nanoTime() - deadline > 0) {
                throw new SQLException(
                        "replication slot '" + name + "' is still read by another process");
            }
            if (System.nanoTime() - patience > 0) {
                endReader(reader());
                patience = System.nanoTime() + PATIENCE.toNanos();
            }
            Thread.sleep(LOOK_AGAIN);
        }
    }

    /**
     * The slot's state while this process reads from it.
     *
     * @throws SQLException if the database does not answer, or it does not
     */
    public SlotState readBy(int process) throws SQLException {
        Found found = state();
        if (found == null || found.reader != process) {
            throw new SQLException("process " + process + " does not read from slot " + name);
        }
        return found.state;
    }

    /**
     * Where an earlier timeline of the database ended and another one went on; null where it is not
     * one of its own.
     *
     * @param now the database's timeline
     */
    public @Nullable Lsn endOf(int timeline, int now) throws SQLException {
        return TimelineHistory.read(postgres, now).ends().get(timeline);
    }

    /** The process id of the slot's reader, 0 while it has none. */
    public int reader() throws SQLException {
        return (int) query(READER, name);
    }

    /**
     * Returns when this reader, whose connection is closed, is gone, which the server notices in
     * its own time; one that does not end soon is ended by force.
     *
     * @throws SQLException if the database does not answer, or the reader does not go
     */
    public void awaitEnd(int process) throws SQLException, InterruptedException {
        long patience = System.nanoTime() + PATIENCE.toNanos();
        long deadline = patience + PATIENCE.toNanos();
        while (reader() == process) {
            long now = System.nanoTime();
            if (now - deadline > 0) {
                throw new SQLException("process " + process + " still reads from slot " + name);
            } else if (now - patience > 0) {
                endReader(process);
                patience = deadline;
            }
            Thread.sleep(LOOK_AGAIN);
        }
    }

    private void endReader(int process) throws SQLException {
        if (query(END_READER, name, process) > 0) {
            LOG.warn("ended a reader that did not stop slot={} process={}", name, process);
        }
    }

    /** Drops the slot, if there is one. */
    public void drop(Duration limit) throws SQLException, InterruptedException {
        if (awaitFree(limit) != null) {
            query(DROP, name);
        }
    }

    /**
     * Drops the slots that this connector had when its outbox was split in another way: nobody may
     * read them any more, and the server would keep its log for them. All splits of a connector may
     * do so at once.
     */
    public void dropOthers() throws SQLException {
        long dropped =
                control.ask(connection -> {
                    connection.setAutoCommit(false);
                    query(connection, ONE_DROPS);
                    query(connection, END_OTHERS, split.connector(), split.count());
                    long count = query(connection, DROP_OTHERS, split.connector(), split.count());
                    connection.setAutoCommit(true); // commits
                    return count;
                });
        if (dropped > 0) {
            LOG.info("dropped slots of another split slot={} count={}", name, dropped);
        }
    }

    /** Writes a marker into the log, in a transaction of its own. */
    public void barrier(String id) throws SQLException {
        query(BARRIER, id);
    }

    /** Tells whoever publishes what was ours that we, who did before, may have left strays. */
    public void tellOfStrays() throws SQLException {
        query(STRAYS, name);
    }

    private record Found(SlotState state, int reader) {}

    private @Nullable Found state() throws SQLException {
        return control.ask(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(STATE)) {
                statement.setString(1, name);
                ResultSet row = statement.executeQuery();
                return row.next()
                        ? new Found(
                                new SlotState(
                                        row.getLong(1),
                                        row.getInt(2),
                                        Lsn.parse(row.getString(3)),
                                        Lsn.parse(row.getString(4)),
                                        row.getBoolean(5)),
                                row.getInt(6))
                        : null;
            }
        });
    }

    /** The first column as a number; 0 where it is none. */
    private long query(String sql, Object... parameters) throws SQLException {
        return control.ask(connection -> query(connection, sql, parameters));
    }

    private static long query(Connection connection, String sql, Object... parameters)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                statement.setObject(i + 1, parameters[i]);
            }
            ResultSet row = statement.executeQuery();
            return row.next() && row.getObject(1) instanceof Number n ? n.longValue() : 0L;
        }
    }
}
