package dev.outrun.connector.publish;

import org.jspecify.annotations.Nullable;

/** Holds publishers back while it is shut, but for steps. Thread-safe; outlives publishers. */
public final class Gate {

    private boolean shut;
    private long steps;
    private @Nullable String lastStep;

    /** Shuts it: what has not passed yet waits. */
    public synchronized void shut() {
        shut = true;
        steps = 0;
        lastStep = null;
    }

    /**
     * Lets so many appends pass.
     *
     * @param barrier is answered when they are acknowledged
     */
    public synchronized void step(int appends, String barrier) {
        if (!shut) {
            throw new IllegalStateException("steps are for a connector that is paused");
        }
        steps = appends;
        lastStep = barrier;
        notifyAll();
    }

    /** Opens it again. */
    public synchronized void open() {
        shut = false;
        notifyAll();
    }

    /** Returns when an append may pass. */
    synchronized void pass() throws InterruptedException {
        while (shut && steps == 0) {
            wait();
        }
        if (shut) {
            steps--;
        }
    }

    /** After an append has passed: the barrier to be answered behind it, if it was a last step. */
    synchronized @Nullable String passed() {
        if (steps > 0) {
            return null;
        }
        String barrier = lastStep;
        lastStep = null;
        return barrier;
    }
}
