package dev.outrun.worker;

/** A failure whose code the handler chooses: what is in the event's error and in the run's. */
public class HandlerFailure extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String code;

    /** A failure after which the run's retry policy decides. */
    public HandlerFailure(String code, String message) {
        super(message);
        this.code = code;
    }

    /** A failure with its cause, which stays in the worker's own log. */
    public HandlerFailure(String code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    public final String code() {
        return code;
    }

    /** Whether another attempt could do better. */
    public boolean isRetryable() {
        return true;
    }
}
