package dev.outrun.worker;

/** Why a handler that did nothing wrong is interrupted. */
enum Stop {
    /** Somebody has cancelled the run. */
    CANCELLED("cancelled", "the run was cancelled", false),
    /** The worker stops: another one is to make the next attempt. */
    WORKER_STOPPED("worker_stopped", "the worker has stopped", true);

    private final String code;
    private final String message;
    private final boolean retryable;

    Stop(String code, String message, boolean retryable) {
        this.code = code;
        this.message = message;
        this.retryable = retryable;
    }

    String message() {
        return message;
    }

    Outcome.Failed outcome() {
        return new Outcome.Failed(code, message, retryable);
    }
}
