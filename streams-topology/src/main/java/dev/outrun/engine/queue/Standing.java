package dev.outrun.engine.queue;

import dev.outrun.schema.run.RunId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Where a run stands in its queue. A run that waits for a time, or for a decision, is not in it.
 */
public sealed interface Standing {

    RunId run();

    /** What the queue's limit per key counts it under; null: nothing. */
    @Nullable String key();

    /**
     * It could start, and nobody has been told to.
     *
     * @param since when it was ready: its place among those of its priority
     * @param begun whether it has had an attempt
     */
    record Waiting(
            RunId run,
            String handler,
            @Nullable String key,
            int priority,
            Instant since,
            boolean begun)
            implements Standing {}

    /** A task is out, and not claimed as far as the log says. */
    record Out(RunId run, String handler, @Nullable String key) implements Standing {}

    /** An attempt is live. */
    record Live(RunId run, @Nullable String key) implements Standing {}
}
