package dev.outrun.api.hub;

import java.util.List;

/** What a subscriber gets next. */
public sealed interface Delivery {

    /** At least one event; of a run in seq order, following the one before without a gap. */
    record Frames(List<Frame> frames) implements Delivery {}

    /** What is not an event. */
    enum Signal implements Delivery {
        /** Nothing happened in the time asked for. */
        QUIET,
        /** The log is closed, and all of it has been delivered. */
        END,
        /** The hub is closing; the client resumes elsewhere, or later. */
        CLOSING
    }
}
