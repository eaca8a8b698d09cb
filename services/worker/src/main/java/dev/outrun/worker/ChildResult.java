package dev.outrun.worker;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import org.jspecify.annotations.Nullable;

/** How a child has ended. */
public final class ChildResult {

    /** The code of an attempt that asks for the output of a child that has none. */
    public static final String CHILD_FAILED = "child_failed";

    private final RunId child;
    private final RunStatus status;
    private final byte[] ended;

    /** What this {@code run.child.ended} says. */
    ChildResult(RunId child, RunStatus status, byte[] ended) {
        this.child = child;
        this.status = status;
        this.ended = ended;
    }

    /** Its run. */
    public RunId child() {
        return child;
    }

    /** Completed, failed or cancelled. */
    public RunStatus status() {
        return status;
    }

    /**
     * Its output as a value of this type.
     *
     * @throws NonRetryableException if it has not completed, or its output is no such value
     */
    public <T> @Nullable T output(Class<T> type) {
        if (status != RunStatus.COMPLETED) {
            throw new NonRetryableException(
                    CHILD_FAILED, "child " + child + " is " + status.text());
        }
        return Stored.read(ended, "/result/output", type, "the output of child " + child);
    }
}
