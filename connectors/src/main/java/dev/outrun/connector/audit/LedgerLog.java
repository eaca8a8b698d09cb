package dev.outrun.connector.audit;

import dev.outrun.connector.audit.Difference.Kind;
import dev.outrun.connector.source.ReapableRuns;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.sql.PostgresAddress;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The ledger as it is at one moment, whatever is appended meanwhile. Reads the view that
 * applications read, so that what it says does not depend on how a publisher takes rows apart.
 */
final class LedgerLog implements AutoCloseable {

    /** Where a difference is that the ledger has with itself. */
    static final String WHERE = "outrun.run_outbox";

    /** Runs in one page. */
    private static final int PAGE = 200;

    private static final int FETCH = 1_000;

    private static final String RUNS =
            """
            select id, tenant, shard, next_seq, finished_at is not null,
                   topicless is not null or topic_deleted_at is not null
            from outrun.run
            where (?::uuid is null or id = ?::uuid)
              and (?::timestamptz is null or created_at >= ?::timestamptz)
              and (?::uuid is null or id > ?::uuid)
            order by id limit ?
            """;
    private static final String EVENTS =
            """
            select run_id, seq, type, attempt, time, data::text
            from outrun.run_event where run_id = any(?) order by run_id, seq
            """;

    private final Connection connection;
    private final AuditScope scope;
    private final Findings findings;
    private final String moment;
    private @Nullable UUID last;

    private LedgerLog(Connection connection, String moment, AuditScope scope, Findings findings) {
        this.connection = connection;
        this.moment = moment;
        this.scope = scope;
        this.findings = findings;
    }

    /**
     * Opens a connection and takes the moment: what has committed by now is seen. Until it is
     * closed no run's topic is reaped but those that the moment knows of.
     */
    static LedgerLog open(PostgresAddress postgres, AuditScope scope, Findings findings)
            throws SQLException {
        Connection connection = connect(postgres);
        try (Statement statement = connection.createStatement()) {
            ReapableRuns.keepReapersOut(connection);
            connection.setAutoCommit(false);
            connection.setReadOnly(true);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            try (ResultSet row = statement.executeQuery("select pg_current_snapshot()::text")) {
                row.next();
                return new LedgerLog(connection, row.getString(1), scope, findings);
            }
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    static Connection connect(PostgresAddress postgres) throws SQLException {
        return DriverManager.getConnection(
                postgres.jdbcUrl(), postgres.user(), postgres.password());
    }

    /** What is seen: {@code pg_snapshot}. */
    String moment() {
        return moment;
    }

    /** When the first run in scope was created; null where there is none. */
    @Nullable Instant begins() throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement(
                        "select min(created_at) from outrun.run"
                                + " where (?::uuid is null or id = ?::uuid)"
                                + " and (?::timestamptz is null or created_at >= ?::timestamptz)")) {
            bindScope(statement);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                OffsetDateTime first = row.getObject(1, OffsetDateTime.class);
                return first == null ? null : first.toInstant();
            }
        }
    }

    /** The next runs with their events; empty behind the last. */
    List<LoggedRun> nextPage() throws SQLException {
        Map<UUID, LoggedRun> page = new LinkedHashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(RUNS)) {
            bindScope(statement);
            statement.setObject(5, last);
            statement.setObject(6, last);
            statement.setInt(7, PAGE);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    last = row.getObject(1, UUID.class);
                    page.put(
                            last,
                            new LoggedRun(
                                    new RunId(last),
                                    new Tenant(row.getString(2)),
                                    row.getInt(3),
                                    row.getLong(4),
                                    row.getBoolean(5),
                                    row.getBoolean(6),
                                    new Digests()));
                }
            }
        }
        readEvents(page);
        page.values().forEach(this::checkWhole);
        return List.copyOf(page.values());
    }

    private void bindScope(PreparedStatement statement) throws SQLException {
        UUID run = scope.run() == null ? null : scope.run().value();
        Timestamp since = scope.since() == null ? null : Timestamp.from(scope.since());
        statement.setObject(1, run);
        statement.setObject(2, run);
        statement.setTimestamp(3, since);
        statement.setTimestamp(4, since);
    }

    private void readEvents(Map<UUID, LoggedRun> page) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(EVENTS)) {
            statement.setFetchSize(FETCH);
            statement.setArray(1, connection.createArrayOf("uuid", page.keySet().toArray()));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    LoggedRun run = page.get(row.getObject(1, UUID.class));
                    if (run != null) {
                        add(run, row);
                    }
                }
            }
        }
    }

    private void add(LoggedRun run, ResultSet row) throws SQLException {
        long seq = row.getLong(2);
        Digests events = run.events();
        if (!events.isEmpty() && seq != events.next()) {
            findings.add(
                    seq < events.next() ? Kind.DOUBLED : Kind.MISSING,
                    run.run(),
                    Math.min(seq, events.next()),
                    WHERE,
                    "seq " + seq + " follows on " + (events.next() - 1));
        }
        events.put(
                seq,
                Digests.digest(
                        new Event(
                                run.run(),
                                seq,
                                row.getString(3),
                                row.getInt(4),
                                row.getObject(5, OffsetDateTime.class).toInstant(),
                                row.getString(6).getBytes(StandardCharsets.UTF_8))));
    }

    private void checkWhole(LoggedRun run) {
        if (!run.events().isEmpty() && run.events().next() != run.end()) {
            findings.add(
                    Kind.MISSING,
                    run.run(),
                    run.events().next(),
                    WHERE,
                    "the run says that its log ends before " + run.end());
        }
    }

    /** How far these runs' logs are by now, beyond the moment of the audit. */
    static Map<RunId, Long> endsNow(PostgresAddress postgres, Collection<RunId> runs)
            throws SQLException {
        Map<RunId, Long> ends = new HashMap<>();
        List<RunId> all = new ArrayList<>(runs);
        try (Connection now = connect(postgres);
                PreparedStatement statement =
                        now.prepareStatement(
                                "select id, next_seq from outrun.run where id = any(?)")) {
            for (int from = 0; from < all.size(); from += FETCH) {
                List<RunId> some = all.subList(from, Math.min(all.size(), from + FETCH));
                statement.setArray(
                        1, now.createArrayOf("uuid", some.stream().map(RunId::value).toArray()));
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        ends.put(new RunId(row.getObject(1, UUID.class)), row.getLong(2));
                    }
                }
            }
        }
        return ends;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
