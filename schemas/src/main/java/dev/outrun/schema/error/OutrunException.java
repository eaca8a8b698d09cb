package dev.outrun.schema.error;

/** A failure with a stable code; the message is for people and may change. */
public final class OutrunException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final ErrorCode code;

    public OutrunException(ErrorCode code, String message) {
        super(message);
        this.code = code;
    }

    public OutrunException(ErrorCode code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    public ErrorCode code() {
        return code;
    }
}
