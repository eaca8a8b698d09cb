package dev.outrun.worker;

import org.jspecify.annotations.Nullable;

/**
 * Thrown into a handler whose attempt is over: cancelled, lost to another worker, refused by the
 * ledger, or handed back because the worker stops. Not to be caught but to tidy up.
 */
public final class RunStoppedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    RunStoppedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
