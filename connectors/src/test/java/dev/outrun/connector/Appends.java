package dev.outrun.connector;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;

/** An application that writes to the ledger with SQL. */
final class Appends {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final DataSource database;
    private final AtomicInteger started = new AtomicInteger();

    Appends(DataSource database) throws SQLException {
        this.database = database;
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("select outrun.register_handlers(array['test'])");
        }
    }

    /** Starts a run in the next of ten queues, which are spread over the shards. */
    RunId start() throws SQLException {
        try (Connection connection = database.getConnection()) {
            return start(connection, Tenant.DEFAULT);
        }
    }

    RunId start(Connection connection, Tenant tenant) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement(
                        "select outrun.start_run('test', queue => ?, tenant => ?)")) {
            statement.setString(1, "q" + started.getAndIncrement() % 10);
            statement.setString(2, tenant.name());
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return RunId.parse(row.getString(1));
            }
        }
    }

    /** One append of one event, in a transaction of its own. */
    void append(RunId run, String data) throws SQLException {
        try (Connection connection = database.getConnection()) {
            append(connection, run, data);
        }
    }

    static void append(Connection connection, RunId run, String data) throws SQLException {
        appendAll(connection, run, "[{\"type\":\"test.said\",\"data\":" + data + "}]");
    }

    static void appendAll(Connection connection, RunId run, String events) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("select outrun.append(?, null, ?::json)")) {
            statement.setObject(1, run.value());
            statement.setString(2, events);
            statement.execute();
        }
    }

    Connection open() throws SQLException {
        Connection connection = database.getConnection();
        connection.setAutoCommit(false);
        return connection;
    }

    void execute(String sql) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Asks again and again, until the answer is true. */
    void await(String sql) throws SQLException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (!text(sql).equals("t")) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("never true: " + sql);
            }
        }
    }

    String text(String sql) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return String.valueOf(row.getString(1));
        }
    }
}
