package dev.outrun.worker;

import dev.outrun.schema.work.Task;
import java.time.Duration;
import java.util.Set;

/** The worker as its task sources see it. Its methods may be called from several threads. */
public interface TaskDesk {

    /** What became of a task. */
    enum Answer {
        /** Claimed: it runs here. */
        TAKEN,
        /** Not to be claimed any more, by anybody: somebody has it, or the run has moved on. */
        REFUSED,
        /** For those who have its handler, which nobody here has. */
        NO_HANDLER,
        /** Somebody else may do it: no place, or the worker stops. */
        NOT_HERE,
        /** The ledger does not answer. */
        UNAVAILABLE
    }

    /** Whose tasks it takes; always the same. */
    Set<String> handlers();

    /** Waits until a task could be run; false when the wait is over, or the worker stops. */
    boolean awaitPlace(Duration wait) throws InterruptedException;

    /**
     * Claims the task and, if that is granted, runs it; returns when the claim is decided.
     *
     * @throws dev.outrun.schema.error.OutrunException {@code invalid_run_id}: it is no task
     */
    Answer offer(Task task) throws InterruptedException;
}
