package dev.outrun.schema.error;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Every error a caller can meet. The {@link #code} is stable; the {@link Kind} decides the HTTP
 * status, whether trying again can help, and whether a failed record is a dead letter.
 */
public enum ErrorCode {
    INVALID_REQUEST(Kind.USER, 400, "OR008"),
    INVALID_JSON(Kind.USER, 400, null),
    INVALID_RUN_ID(Kind.USER, 400, null),
    INVALID_SEQ(Kind.USER, 400, null),
    INVALID_EVENTS(Kind.USER, 400, "OR005"),
    UNAUTHENTICATED(Kind.USER, 401, null),
    FORBIDDEN(Kind.USER, 403, null),
    UNKNOWN_HANDLER(Kind.USER, 422, "OR004"),
    UNKNOWN_RUN(Kind.USER, 404, "OR001"),
    UNKNOWN_SCHEDULE(Kind.USER, 404, "OR009"),
    UNKNOWN_STREAM(Kind.USER, 404, "OR010"),
    NOT_FOUND(Kind.USER, 404, null),
    METHOD_NOT_ALLOWED(Kind.USER, 405, null),
    RUN_CLOSED(Kind.USER, 409, "OR002"),
    STALE_ATTEMPT(Kind.USER, 409, "OR003"),
    RUN_ID_TAKEN(Kind.USER, 409, "OR007"),
    STREAM_CONFLICT(Kind.USER, 409, null),
    STALE_PRODUCER(Kind.USER, 403, null),
    STREAM_GONE(Kind.USER, 410, "OR011"),
    EXPIRED(Kind.USER, 410, "OR012"),
    PAYLOAD_TOO_LARGE(Kind.USER, 413, "OR006"),
    UNSUPPORTED_MEDIA_TYPE(Kind.USER, 415, null),
    INTERNAL(Kind.INTERNAL, 500, null),
    UNAVAILABLE(Kind.EXTERNAL, 503, null),
    TOO_MANY_RUNS(Kind.EXHAUSTED, 503, null),
    TOO_MANY_REQUESTS(Kind.EXHAUSTED, 429, null),
    TOO_MANY_HANDLERS(Kind.EXHAUSTED, 503, null);

    /** Who has to act. */
    public enum Kind {
        /** The caller: the same call again gives the same answer. */
        USER,
        /** We: a bug. */
        INTERNAL,
        /** Something we depend on is away: try again. */
        EXTERNAL,
        /** Nobody at once: a limit of the installation's is reached; try again later. */
        EXHAUSTED
    }

    private final Kind kind;
    private final int httpStatus;
    private final @Nullable String sqlState;

    ErrorCode(Kind kind, int httpStatus, @Nullable String sqlState) {
        this.kind = kind;
        this.httpStatus = httpStatus;
        this.sqlState = sqlState;
    }

    /** The code that the ledger's functions raise as this SQLSTATE, if any. */
    public static @Nullable ErrorCode ofSqlState(@Nullable String sqlState) {
        for (ErrorCode code : values()) {
            if (code.sqlState != null && code.sqlState.equals(sqlState)) {
                return code;
            }
        }
        return null;
    }

    /** The code of this name on the wire; null where there is none. */
    public static @Nullable ErrorCode ofCode(String name) {
        for (ErrorCode code : values()) {
            if (code.code().equals(name)) {
                return code;
            }
        }
        return null;
    }

    /** The stable name on the wire, such as {@code run_closed}. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }

    public Kind kind() {
        return kind;
    }

    public int httpStatus() {
        return httpStatus;
    }
}
