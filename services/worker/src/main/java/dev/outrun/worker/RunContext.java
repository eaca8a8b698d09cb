package dev.outrun.worker;

import dev.outrun.ledger.StartRun;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
     *     run.}, and not {@code step.completed}
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

    /**
     * Does a part of the work once in the run's life, and returns its output: once it is done, it
     * is in the log, as {@code step.completed}, and every later attempt, and every fork behind it,
     * takes the output from there. A step that throws is not done.
     *
     * <p>Steps are told apart by their names, and those of one name by their order. What was done
     * and not yet written when the worker died is done again: whatever the work does outside should
     * be harmless twice.
     *
     * @param name at most 128 characters, not starting with {@code outrun:}
     * @param work returns a value that has JSON, of at most 1 MiB
     * @param type left out by callers: it is how the type is known that the output is read as. A
     *     list is read as one of maps, texts and numbers: wrap it into a record
     * @return the output as it is read from the log, in the attempt that does the work as well
     * @throws E if the work throws it
     * @throws NonRetryableException if the output cannot be read as this type
     * @throws RunStoppedException as {@link #emit}
     */
    @SuppressWarnings("unchecked")
    <T extends @Nullable Object, E extends Exception> T step(
            String name, Step<T, E> work, T... type) throws E;

    /**
     * Lets time go by, up to years: the worker is given back, and another attempt goes on from here
     * when it is over. In this one it does not return, but throws {@link RunStoppedException}.
     * Sleeps are told apart by their order. {@code resume} cuts it short.
     */
    void sleep(Duration time);

    /**
     * The data of the run's next signal of this name, which may have come long ago. Until it comes
     * the worker is given back, as with {@link #sleep}.
     *
     * @return null where the data is null
     * @throws NonRetryableException if the data is none of this type
     */
    <T> @Nullable T awaitSignal(String name, Class<T> type);

    /**
     * The same; empty if it has not come within this time. What was found is found again by every
     * later attempt.
     */
    <T> Optional<T> awaitSignal(String name, Class<T> type, Duration limit);

    /**
     * Starts a child once in the run's life, as a {@link #step} does its work, and returns its id.
     *
     * @param child whose tenant and idempotency key this call sets; without a word of its parent it
     *     neither fails this run nor outlives it
     */
    RunId startChild(String name, StartRun child);

    /**
     * How a child has ended. Until it has the worker is given back, as with {@link #sleep}.
     *
     * @throws dev.outrun.schema.error.OutrunException {@code invalid_request} if it is none of this
     *     run's: a fork has not the children that had not ended
     */
    ChildResult awaitChild(RunId child);

    /** How all children have ended, in the order they were started; none is none. */
    List<ChildResult> awaitChildren();

    /**
     * Says how far the work has come: an event {@code progress} with {@code done} and {@code
     * total}.
     */
    default void progress(long done, long total) {
        emit("progress", Map.of("done", done, "total", total));
    }
}
