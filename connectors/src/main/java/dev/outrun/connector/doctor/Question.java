package dev.outrun.connector.doctor;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Questions to a database, whose answers are few. */
final class Question {

    private final Connection connection;

    Question(Connection connection) {
        this.connection = connection;
    }

    /** What is made of a row. */
    interface Row<T extends @Nullable Object> {
        T read(ResultSet row) throws SQLException;
    }

    <T extends @Nullable Object> List<T> rows(String sql, Row<T> row, Object... parameters)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                statement.setObject(i + 1, parameters[i]);
            }
            ResultSet result = statement.executeQuery();
            List<T> rows = new ArrayList<>();
            while (result.next()) {
                rows.add(row.read(result));
            }
            return rows;
        }
    }

    /** The first column of the only row. */
    long number(String sql, Object... parameters) throws SQLException {
        return rows(sql, row -> row.getLong(1), parameters).getFirst();
    }

    boolean isTrue(String sql, Object... parameters) throws SQLException {
        return rows(sql, row -> row.getBoolean(1), parameters).getFirst();
    }

    /**
     * A server setting as {@code show} says it; null where this server has no such setting, or does
     * not tell it to this role.
     */
    @Nullable String setting(String name) throws SQLException {
        List<String> found =
                rows(
                        "select current_setting(name) from pg_settings where name = ?",
                        row -> row.getString(1),
                        name);
        return found.isEmpty() ? null : found.getFirst();
    }
}
