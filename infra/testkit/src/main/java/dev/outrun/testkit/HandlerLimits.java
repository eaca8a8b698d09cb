package dev.outrun.testkit;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.work.Task;
import dev.outrun.worker.Input;
import dev.outrun.worker.RunContext;
import dev.outrun.worker.RunHandler;
import java.time.Duration;
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
        return (run, input) -> watched(handler, new Counting(run, task), input, task);
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

    /** Throws what became of the last attempt, where a limit was passed. */
    void check() {
        String what = broken;
        if (what != null) {
            broken = null;
            throw new IllegalStateException(what);
        }
    }

    /** Counts what is emitted. */
    private final class Counting implements RunContext {

        private final RunContext run;
        private final Task task;
        private int events;

        Counting(RunContext run, Task task) {
            this.run = run;
            this.task = task;
        }

        @Override
        public RunId runId() {
            return run.runId();
        }

        @Override
        public int attempt() {
            return run.attempt();
        }

        @Override
        public void emit(String type, @Nullable Object data) {
            if (++events > eventsMax) {
                broken =
                        "handler '%s' has emitted more than %,d events in one attempt"
                                .formatted(task.handler(), eventsMax);
                throw new IllegalStateException(broken);
            }
            run.emit(type, data);
        }

        @Override
        public void flush() {
            run.flush();
        }

        @Override
        public Iterable<Event> history() {
            return run.history();
        }
    }
}
