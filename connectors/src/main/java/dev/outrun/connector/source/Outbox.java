package dev.outrun.connector.source;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.sql.PostgresAddress;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The table of appends, for what no stream delivers any more. */
public final class Outbox {

    private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);

    private static final int FETCH = 500;

    /** After the database has not answered. */
    private static final Duration ASK_AGAIN = Duration.ofMillis(100);

    /** Longer than any commit waits for a synchronous standby that is there. */
    private static final Duration SHOWN_WITHIN = Duration.ofSeconds(10);

    /**
     * In the order of their times as far as it is that of their seqs: a clock may be set back, and
     * commits overtake each other.
     */
    private static final String READ =
            """
            select run_id, first_seq, tenant, shard, attempt, events, appended_us, trace, topicless
            from outrun.run_outbox o
            where get_bit(?::bit varying, shard & 1023) = 1
              and (?::pg_snapshot is null
                   or xid >= pg_snapshot_xmin(?::pg_snapshot)::text::bigint
                      and not pg_visible_in_snapshot(xid::text::xid8, ?::pg_snapshot))
              and coalesce((select r.topic_deleted_at < o.appended_at from outrun.run r
                            where r.id = o.run_id), true)
            order by max(appended_us) over (partition by run_id order by first_seq),
                     run_id, first_seq
            """;

    private static final String READ_REPAIRS =
            """
            select run_id, from_seq, until_seq from outrun.repair_request
            where get_bit(?::bit varying, shard & 1023) = 1
              and (?::pg_snapshot is null
                   or not pg_visible_in_snapshot(xid::text::xid8, ?::pg_snapshot))
            order by xid
            """;

    private static final String READ_RUN =
            """
            select run_id, first_seq, tenant, shard, attempt, events, appended_us, trace, topicless
            from outrun.run_outbox
            where run_id = ? and first_seq < ? and first_seq >= coalesce(
                (select max(first_seq) from outrun.run_outbox where run_id = ? and first_seq <= ?),
                0)
            order by first_seq
            """;

    private static final String REACHED =
            """
            select first_seq + case json_typeof(events)
                when 'array' then json_array_length(events) else 1 end
            from outrun.run_outbox where run_id = ? order by first_seq desc limit 1
            """;

    /** Of no place in a stream: before all of it. */
    private static final WalPlace NOWHERE = new WalPlace(null, new Lsn(0));

    private final PostgresAddress postgres;

    public Outbox(PostgresAddress postgres) {
        this.postgres = postgres;
    }

    /** Who takes appends, rows that cannot be one, and repairs. */
    @FunctionalInterface
    public interface Taker {
        void take(Change row) throws InterruptedException, ExecutionException;
    }

    /**
     * Reads what an exported snapshot sees and no watermark covers; each run's appends in seq
     * order, and then the repairs that were asked for. What was published when a run's topic was
     * given up is left out: it would only make the topic again.
     *
     * @return how many appends there were
     */
    public long read(String snapshot, List<Coverage> coverage, Taker taker)
            throws SQLException, InterruptedException, ExecutionException {
        try (Connection connection = connect(postgres)) {
            try (Statement adopt = connection.createStatement()) {
                // A name the server has made up, of hexadecimal digits and dashes.
                adopt.execute("set transaction snapshot '" + snapshot + "'");
            }
            long count = 0;
            for (Coverage covered : coverage) {
                count += read(connection, covered, NOWHERE, taker);
            }
            return count;
        }
    }

    /** Reads what the connection's transaction sees and the watermark does not cover; as above. */
    static long read(Connection connection, Coverage covered, WalPlace place, Taker taker)
            throws SQLException, InterruptedException, ExecutionException {
        long count;
        try (PreparedStatement read = connection.prepareStatement(READ)) {
            bind(read, covered, 3);
            count = takeAll(read, place, taker);
        }
        try (PreparedStatement read = connection.prepareStatement(READ_REPAIRS)) {
            bind(read, covered, 2);
            ResultSet row = read.executeQuery();
            while (row.next()) {
                RunId run = new RunId(row.getObject(1, UUID.class));
                taker.take(new Change.Repair(run, row.getLong(2), row.getLong(3), place));
            }
        }
        return count;
    }

    private static void bind(PreparedStatement read, Coverage covered, int snapshots)
            throws SQLException {
        Watermark watermark = covered.watermark();
        StringBuilder wanted = new StringBuilder("0".repeat(Split.SHARDS_MAX));
        covered.shards().forEach(shard -> wanted.setCharAt(shard, '1'));
        read.setString(1, wanted.toString());
        for (int i = 2; i < 2 + snapshots; i++) {
            read.setString(i, watermark == null ? null : watermark.snapshot());
        }
    }

    /**
     * Reads a run's appends that hold events of these seqs, in order; the first and the last one
     * may hold others as well. While the database does not answer, it is asked again.
     *
     * @param from the first seq that is wanted, asked for anew each time
     */
    public void read(RunId run, LongSupplier from, long until, Taker taker)
            throws InterruptedException, ExecutionException {
        while (true) {
            try {
                read(run, from.getAsLong(), until, taker);
                return;
            } catch (SQLException e) {
                LOG.warn("the table cannot be read run={} retry_in={}", run, ASK_AGAIN, e);
                Thread.sleep(ASK_AGAIN);
            }
        }
    }

    private void read(RunId run, long from, long until, Taker taker)
            throws SQLException, InterruptedException, ExecutionException {
        try (Connection connection = connect(postgres);
                PreparedStatement read = connection.prepareStatement(READ_RUN)) {
            read.setObject(1, run.value());
            read.setLong(2, until);
            read.setObject(3, run.value());
            read.setLong(4, from);
            takeAll(read, NOWHERE, taker);
        }
    }

    /**
     * Returns when the table shows that a run has come to this seq, or seems not to have: the log
     * tells of a commit a moment before anybody sees it, or longer where a synchronous standby has
     * to have it first.
     */
    public void awaitShown(RunId run, long seq) throws InterruptedException {
        if (seq == 0) {
            return;
        }
        long begun = System.nanoTime();
        while (System.nanoTime() - begun < SHOWN_WITHIN.toNanos()) {
            try {
                if (isShown(run, seq)) {
                    return;
                }
            } catch (SQLException e) {
                LOG.warn("the table cannot be read run={} retry_in={}", run, ASK_AGAIN, e);
            }
            Thread.sleep(ASK_AGAIN);
        }
        LOG.warn("the table lacks events that were published run={} until={}", run, seq);
    }

    private boolean isShown(RunId run, long seq) throws SQLException {
        try (Connection connection = connect(postgres);
                PreparedStatement read = connection.prepareStatement(REACHED)) {
            read.setObject(1, run.value());
            ResultSet row = read.executeQuery();
            return row.next() && row.getLong(1) >= seq;
        }
    }

    /** A connection whose transactions see one moment each, and write nothing. */
    static Connection connect(PostgresAddress postgres) throws SQLException {
        Properties planned = new Properties();
        planned.setProperty("prepareThreshold", "0"); // each time anew: a snapshot says how to read
        Connection connection = ControlConnection.connect(postgres, planned, Duration.ZERO);
        connection.setAutoCommit(false); // or rows would not be fetched piece by piece
        connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        connection.setReadOnly(true);
        return connection;
    }

    private static long takeAll(PreparedStatement read, WalPlace place, Taker taker)
            throws SQLException, InterruptedException, ExecutionException {
        read.setFetchSize(FETCH);
        ResultSet row = read.executeQuery();
        long count = 0;
        while (row.next()) {
            taker.take(change(row, place));
            count++;
        }
        return count;
    }

    private static Change change(ResultSet row, WalPlace place) throws SQLException {
        long appendedMicros = row.getLong(7);
        return Change.row(
                new RunId(row.getObject(1, UUID.class)),
                row.getString(3),
                row.getLong(2),
                row.getInt(4),
                row.getInt(5),
                row.getString(6).getBytes(StandardCharsets.UTF_8),
                Instant.EPOCH.plus(appendedMicros, ChronoUnit.MICROS),
                row.getString(8),
                row.getBoolean(9),
                // Of what is read late, how late says nothing about publishing.
                place.equals(NOWHERE) ? place : place.committed(appendedMicros));
    }
}
