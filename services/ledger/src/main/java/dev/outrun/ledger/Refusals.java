package dev.outrun.ledger;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLTransientConnectionException;
import java.util.Objects;
import java.util.function.Supplier;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** What a failed statement means to the caller. */
final class Refusals {

    private Refusals() {}

    /**
     * The answer, or the failure as the port throws it.
     *
     * @param malformed the code where the caller's JSON is no JSON
     */
    static <T> T ask(ErrorCode malformed, Supplier<T> question) {
        try {
            return question.get();
        } catch (DataAccessException e) {
            throw of(e, malformed);
        }
    }

    /**
     * The failure as the port throws it.
     *
     * @param malformed the code where the caller's JSON is no JSON
     */
    static OutrunException of(RuntimeException failure, ErrorCode malformed) {
        SQLException sql = sqlException(failure);
        if (sql == null) {
            return new OutrunException(ErrorCode.INTERNAL, "the ledger failed", failure);
        }
        ErrorCode code = code(sql, malformed);
        return new OutrunException(code, message(code, sql), failure);
    }

    private static ErrorCode code(SQLException sql, ErrorCode malformed) {
        String state = Objects.requireNonNullElse(sql.getSQLState(), "");
        ErrorCode raised = ErrorCode.ofSqlState(state);
        if (raised != null) {
            return raised;
        }
        if (sql instanceof SQLTransientConnectionException
                || sql instanceof SQLNonTransientConnectionException) {
            return ErrorCode.UNAVAILABLE;
        }
        return switch (state) {
            // No JSON: its syntax, a \u0000 or half a surrogate in it, nested too deeply.
            case "22P02", "22P05", "22032", "54001" -> malformed;
            // A pooled connection that was interrupted, or a pool that is closed, has no state.
            case "" -> ErrorCode.UNAVAILABLE;
            // Check violation.
            case "23514" -> ErrorCode.INVALID_REQUEST;
            // Took too long; deadlock; could not serialize; read-only, as a server is that is
            // being replaced.
            case "57014", "55P03", "40P01", "40001", "25006" -> ErrorCode.UNAVAILABLE;
            default -> codeOfClass(state, malformed);
        };
    }

    private static ErrorCode codeOfClass(String state, ErrorCode malformed) {
        return switch (state.substring(0, Math.min(2, state.length()))) {
            // Connection; resources; shutting down or starting up.
            case "08", "53", "57" -> ErrorCode.UNAVAILABLE;
            // Data that no column takes; a program limit, such as the size of an index row.
            case "22", "54" ->
                    malformed == ErrorCode.INVALID_EVENTS ? malformed : ErrorCode.INVALID_REQUEST;
            default -> ErrorCode.INTERNAL;
        };
    }

    private static String message(ErrorCode code, SQLException sql) {
        return switch (code.kind()) {
            case EXTERNAL -> "Postgres does not answer";
            case INTERNAL, EXHAUSTED -> "the ledger failed with SQLSTATE " + sql.getSQLState();
            case USER -> userMessage(sql);
        };
    }

    private static String userMessage(SQLException sql) {
        ServerErrorMessage said =
                sql instanceof PSQLException postgres ? postgres.getServerErrorMessage() : null;
        String message = said == null ? sql.getMessage() : said.getMessage();
        return message == null ? "refused" : message;
    }

    private static @Nullable SQLException sqlException(Throwable failure) {
        for (Throwable at = failure; at != null; at = at.getCause()) {
            if (at instanceof SQLException sql) {
                return sql;
            }
        }
        return null;
    }
}
