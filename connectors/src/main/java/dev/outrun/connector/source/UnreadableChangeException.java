package dev.outrun.connector.source;

/** A change that is not one of an outbox row: delivering it again would not help. */
public final class UnreadableChangeException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    UnreadableChangeException(String message, Throwable cause) {
        super(message, cause);
    }
}
