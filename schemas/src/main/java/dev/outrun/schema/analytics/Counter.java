package dev.outrun.schema.analytics;

/** What a window counts, each in the window that its event's time is in. */
public enum Counter {
    /** Runs that were requested. */
    REQUESTED,
    /** Attempts that started. */
    STARTED,
    /** Runs that ended so, as with {@link #FAILED} and {@link #CANCELLED}. */
    COMPLETED,
    FAILED,
    CANCELLED,
    /** Further attempts that were scheduled. */
    RETRIED,
    /** Events, the platform's own included. */
    EVENTS,
    /** Of the events' data. */
    BYTES
}
