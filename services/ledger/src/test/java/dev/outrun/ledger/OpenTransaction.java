package dev.outrun.ledger;

import dev.outrun.schema.run.RunId;
import dev.outrun.teststack.TestStack;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/** Another client's transaction about a run, which is open until the test ends it. */
final class OpenTransaction implements AutoCloseable {

    private final Connection connection;

    private OpenTransaction(Connection connection) {
        this.connection = connection;
    }

    /**
     * Begins one.
     *
     * @param sql a statement with one parameter, the run's id
     */
    static OpenTransaction of(TestStack stack, String sql, RunId run) throws SQLException {
        OpenTransaction begun = new OpenTransaction(stack.dataSource().getConnection());
        begun.connection.setAutoCommit(false);
        try (PreparedStatement statement = begun.connection.prepareStatement(sql)) {
            statement.setObject(1, run.value());
            statement.execute();
        }
        return begun;
    }

    void commit() throws SQLException {
        connection.commit();
    }

    void rollback() throws SQLException {
        connection.rollback();
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
