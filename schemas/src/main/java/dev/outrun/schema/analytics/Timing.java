package dev.outrun.schema.analytics;

/** What a window measures, each in the window of the event that ends it. */
public enum Timing {
    /** From when an attempt could have started, at the earliest, until it started. */
    QUEUE_WAIT,
    /** From a run's request to its end, whichever that is. */
    DURATION,
    /** From an attempt's start to the first event that a user wrote in it. */
    FIRST_EVENT
}
