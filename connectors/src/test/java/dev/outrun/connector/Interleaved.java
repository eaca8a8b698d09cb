package dev.outrun.connector;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Transactions that are open at the same time, written by one thread, a statement here and a
 * statement there, as the seed says: some long, some short, and they do not end in the order in
 * which they began. Each has runs of its own while it is open, because an append locks its run.
 */
public final class Interleaved implements AutoCloseable {

    private static final int RUNS = 24;
    private static final int RUNS_EACH_MAX = 3;
    private static final int OPEN_MAX = 6;
    private static final int SHORT_MAX = 3;
    private static final int LONG_MAX = 30;
    private static final int EVENTS_MAX = 3;

    private final DataSource database;
    private final Random random;
    private final List<UUID> free = new ArrayList<>();
    private final List<Open> open = new ArrayList<>();

    /** One transaction. */
    private static final class Open {
        private final Connection connection;
        private final List<UUID> runs;
        private int left;
        private int appended;

        private Open(Connection connection, List<UUID> runs, int left) {
            this.connection = connection;
            this.runs = runs;
            this.left = left;
        }
    }

    /** Starts the runs. */
    public Interleaved(DataSource database, long seed) throws SQLException {
        this.database = database;
        this.random = new Random(seed);
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("select outrun.register_handlers(array['test'])");
            try (ResultSet row =
                    statement.executeQuery(
                            "select outrun.start_run('test', queue => 'q' || i % 10)"
                                    + " from generate_series(1, "
                                    + RUNS
                                    + ") i")) {
                while (row.next()) {
                    free.add(row.getObject(1, UUID.class));
                }
            }
        }
    }

    /** How many transactions are open. */
    public int open() {
        return open.size();
    }

    /** Goes on until so many more appends have committed, and leaves the rest open. */
    public void commit(int appends) throws SQLException {
        for (int committed = 0; committed < appends; ) {
            committed += act();
        }
    }

    /** One statement; returns how many appends have committed by it. */
    public int act() throws SQLException {
        if (open.size() < 2 || (open.size() < OPEN_MAX && random.nextInt(4) == 0)) {
            begin();
            return 0;
        }
        Open one = open.get(random.nextInt(open.size()));
        if (one.left > 0) {
            append(one);
            return 0;
        }
        return end(one, random.nextInt(10) > 0);
    }

    private void begin() throws SQLException {
        List<UUID> runs = new ArrayList<>();
        for (int i = random.nextInt(RUNS_EACH_MAX); i >= 0; i--) {
            runs.add(free.remove(random.nextInt(free.size())));
        }
        Connection connection = database.getConnection();
        connection.setAutoCommit(false);
        int appends = 1 + random.nextInt(random.nextInt(3) == 0 ? LONG_MAX : SHORT_MAX);
        open.add(new Open(connection, runs, appends));
    }

    private void append(Open one) throws SQLException {
        List<String> events = new ArrayList<>();
        for (int i = random.nextInt(EVENTS_MAX); i >= 0; i--) {
            events.add("{\"type\":\"test.said\",\"data\":" + random.nextInt() + "}");
        }
        try (PreparedStatement statement =
                one.connection.prepareStatement("select outrun.append(?, null, ?::json)")) {
            statement.setObject(1, one.runs.get(random.nextInt(one.runs.size())));
            statement.setString(2, events.toString());
            statement.execute();
        }
        one.left--;
        one.appended++;
    }

    private int end(Open one, boolean commits) throws SQLException {
        open.remove(one);
        free.addAll(one.runs);
        try (Connection connection = one.connection) {
            if (commits) {
                connection.commit();
                return one.appended;
            }
            connection.rollback();
            return 0;
        }
    }

    /** Commits all that is open. */
    public void commitAll() throws SQLException {
        while (!open.isEmpty()) {
            end(open.getLast(), true);
        }
    }

    @Override
    public void close() throws SQLException {
        commitAll();
    }
}
