package dev.outrun.worker;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import org.jspecify.annotations.Nullable;

/** A handler's view of the attempt it makes. Its methods may be called from several threads. */
public interface RunContext {

    /** The run. */
    RunId runId();

    /** Which attempt this is, from 1. */
    int attempt();

    /**
     * Adds an event to the run's log. Events keep the order of the calls and are appended together
     * where they come fast; a call waits while too many are on their way.
     *
     * @param type letters, digits and {@code . _ : / -}, at most 128, not starting with {@code
     *     run.}
     * @param data any value that has JSON, of at most 1 MiB; {@link JsonText} for JSON that is
     *     written already
     * @throws dev.outrun.schema.error.OutrunException {@code invalid_events}, {@code
     *     payload_too_large}: nothing is added
     * @throws RunStoppedException if this attempt may not write any more
     */
    void emit(String type, @Nullable Object data);

    /**
     * Returns when all events emitted so far are committed.
     *
     * @throws RunStoppedException as {@link #emit}
     */
    void flush();

    /**
     * The run's log before this attempt's own first event, in order, read page by page.
     *
     * @throws RunStoppedException while reading, if this attempt is interrupted
     */
    Iterable<Event> history();
}
