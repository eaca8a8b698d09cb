package dev.outrun.worker;

/** A failure that another attempt would only repeat: the run fails at once. */
public final class NonRetryableException extends HandlerFailure {

    private static final long serialVersionUID = 1L;

    public NonRetryableException(String code, String message) {
        super(code, message);
    }

    public NonRetryableException(String code, String message, Throwable cause) {
        super(code, message, cause);
    }

    @Override
    public boolean isRetryable() {
        return false;
    }
}
