package dev.outrun.schema.run;

import java.util.Locale;

/** Where a run stands. {@link #text} is its name in SQL, JSON and on the command line. */
public enum RunStatus {
    /** Waits for its first attempt. */
    QUEUED,
    /** One attempt is live. */
    RUNNING,
    /** An attempt has failed; another one, or the end, is still to be decided or waited for. */
    RETRYING,
    /** It has given its worker back, and waits for a time or a signal. */
    SUSPENDED,
    COMPLETED,
    FAILED,
    CANCELLED;

    /** The status with this {@link #text}; anything else is an {@link IllegalArgumentException}. */
    public static RunStatus of(String text) {
        for (RunStatus status : values()) {
            if (status.text().equals(text)) {
                return status;
            }
        }
        throw new IllegalArgumentException("no run status '" + text + "'");
    }

    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether the log is closed: nothing follows. */
    public boolean isTerminal() {
        return switch (this) {
            case QUEUED, RUNNING, RETRYING, SUSPENDED -> false;
            case COMPLETED, FAILED, CANCELLED -> true;
        };
    }
}
