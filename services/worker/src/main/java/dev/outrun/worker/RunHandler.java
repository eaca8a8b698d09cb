package dev.outrun.worker;

import org.jspecify.annotations.Nullable;

/**
 * What a user writes: the work of a run. Called once per attempt, on a virtual thread of its own;
 * one instance serves many runs at a time.
 */
@FunctionalInterface
public interface RunHandler {

    /**
     * Does the work and returns the run's output: any value that has JSON, {@link JsonText} for
     * JSON that is written already, null for {@code null}.
     *
     * <p>Whatever it throws fails the attempt: {@link NonRetryableException} for good, a {@link
     * HandlerFailure} with the code of its choice. When the run is cancelled, or the worker stops,
     * its thread is interrupted and it is to end soon.
     */
    @Nullable Object run(RunContext run, Input input) throws Exception;
}
