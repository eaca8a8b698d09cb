package dev.outrun.testkit;

import dev.outrun.schema.work.Task;
import dev.outrun.worker.Input;
import dev.outrun.worker.RunContext;
import dev.outrun.worker.RunHandler;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** What a stepped handler may not do: wait, or emit without end. For one thread. */
final class HandlerLimits {

    private final Duration waitMax;
    private final int eventsMax;
    private @Nullable String broken;

    HandlerLimits(Duration waitMax, int eventsMax) {
        this.waitMax = waitMax;
        this.eventsMax = eventsMax;
    }

    /** The handler, within these limits. */
    RunHandler around(RunHandler handler, Task task) {
        return (run, input) -> watched(handler, run, input, task);
    }

    private @Nullable Object watched(RunHandler handler, RunContext run, Input input, Task task)
            throws Exception {
        Watchdog watchdog = Watchdog.start(waitMax);
        try {
            return handler.run(run, input);
        } finally {
            String caughtAt = watchdog.end();
            if (caughtAt != null) {
                broken =
                        "handler '"
                                + task.handler()
                                + "' has not returned for "
                                + waitMax
                                + ": while it waits nothing else moves, and virtual time stands"
                                + " still. It was"
                                + caughtAt;
            }
        }
    }

    /** Counts the events of one attempt, and throws when there are too many. */
    Runnable counter(Task task) {
        AtomicInteger events = new AtomicInteger();
        return () -> {
            if (events.incrementAndGet() > eventsMax) {
                broken =
                        "handler '%s' has emitted more than %,d events in one attempt"
                                .formatted(task.handler(), eventsMax);
                throw new IllegalStateException(broken);
            }
        };
    }

    /** Throws what became of the last attempt, where a limit was passed. */
    void check() {
        String what = broken;
        if (what != null) {
            broken = null;
            throw new IllegalStateException(what);
        }
    }
}
