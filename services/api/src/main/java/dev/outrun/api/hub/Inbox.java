package dev.outrun.api.hub;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Live events on their way from the tail to one subscriber: a bounded queue.
 *
 * <p>When it cannot vouch for the live events being complete (it was full, or the tail started or
 * lost its place) it holds nothing and says {@link Taken.Signal#REJOIN}: the subscriber then asks
 * the ledger how far the log is, <i>after</i> the inbox accepts again. Whatever the log had until
 * then is read as history, whatever it gets later comes through the inbox. So nothing is refused
 * for good, and the tail never waits.
 */
final class Inbox {

    /** What the subscriber takes out. */
    sealed interface Taken {

        /** Events in the order in which the tail saw them; not empty. */
        record Live(List<Frame> frames) implements Taken {}

        /** What is not an event. */
        enum Signal implements Taken {
            NOTHING,
            REJOIN,
            CLOSED
        }
    }

    private final int eventsMax;
    private final int bytesMax;
    private final Runnable changed;
    private final ArrayDeque<Frame> frames = new ArrayDeque<>(1);
    private long bytes;
    private boolean rejoin;
    private volatile boolean closed;

    Inbox(int eventsMax, int bytesMax) {
        this(eventsMax, bytesMax, () -> {});
    }

    /**
     * Of so much.
     *
     * @param changed called by whoever puts something in, or closes it; never blocks
     */
    Inbox(int eventsMax, int bytesMax, Runnable changed) {
        this.eventsMax = eventsMax;
        this.bytesMax = bytesMax;
        this.changed = changed;
    }

    /** Adds an event; on the tail's thread, never blocks. */
    synchronized void offer(Frame frame) {
        if (rejoin) {
            return; // the log has it by the time the subscriber asks the ledger
        }
        boolean full =
                frames.size() >= eventsMax
                        || (!frames.isEmpty() && bytes + frame.size() > bytesMax);
        if (full) {
            rejoin();
        } else {
            frames.add(frame);
            bytes += frame.size();
            notifyAll();
            changed.run();
        }
    }

    /** Drops what is queued and sends the subscriber to the ledger. */
    synchronized void rejoin() {
        frames.clear();
        bytes = 0;
        rejoin = true;
        notifyAll();
        changed.run();
    }

    /** Ends the subscription; what is queued is not delivered any more. */
    synchronized void close() {
        closed = true;
        frames.clear();
        notifyAll();
        changed.run();
    }

    boolean isClosed() {
        return closed;
    }

    /** Takes all there is, or waits for it at most so long. */
    synchronized Taken take(long nanosMax) throws InterruptedException {
        long deadline = System.nanoTime() + nanosMax;
        while (!closed && !rejoin && frames.isEmpty()) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return Taken.Signal.NOTHING;
            }
            TimeUnit.NANOSECONDS.timedWait(this, Math.max(left, TimeUnit.MILLISECONDS.toNanos(1)));
        }
        if (closed) {
            return Taken.Signal.CLOSED;
        }
        if (rejoin) {
            rejoin = false;
            return Taken.Signal.REJOIN;
        }
        Taken taken = new Taken.Live(new ArrayList<>(frames));
        frames.clear();
        bytes = 0;
        return taken;
    }
}
