package dev.outrun.api.hub;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * Which shards of the firehose the tail is to follow: those with subscribers, and for a while those
 * that had some. A shard is <i>settled</i> once the tail has a position in it: every event
 * committed after that will be seen.
 */
final class Shards {

    private static final class State {
        int subscribers;
        long leftAt;
        boolean settled;
    }

    private final long lingerNanos;
    private final Map<Integer, State> states = new HashMap<>();
    private boolean closed;

    Shards(long lingerNanos) {
        this.lingerNanos = lingerNanos;
    }

    /** Counts a subscriber in; true where the shard is settled already. */
    synchronized boolean enter(int shard) {
        State state = states.computeIfAbsent(shard, s -> new State());
        state.subscribers++;
        notifyAll();
        return state.settled;
    }

    /** Counts a subscriber out. */
    synchronized void leave(int shard) {
        State state = states.get(shard);
        if (state != null && --state.subscribers == 0) {
            state.leftAt = System.nanoTime();
        }
    }

    /** The shards to follow now; waits while there are none; empty once closed. */
    synchronized Set<Integer> await() throws InterruptedException {
        long now = System.nanoTime();
        states.values().removeIf(s -> s.subscribers == 0 && now - s.leftAt >= lingerNanos);
        while (states.isEmpty() && !closed) {
            wait();
        }
        return closed ? Set.of() : new TreeSet<>(states.keySet());
    }

    /** The tail has a position in the shard. */
    synchronized void settle(int shard) {
        State state = states.get(shard);
        if (state != null) {
            state.settled = true;
        }
    }

    /** The tail has lost its positions. */
    synchronized void unsettle() {
        states.values().forEach(s -> s.settled = false);
    }

    /** Waits so long, or until closed. */
    synchronized void awaitClosed(long nanos) throws InterruptedException {
        long deadline = System.nanoTime() + nanos;
        for (long left = nanos; left > 0 && !closed; left = deadline - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, Math.max(left, 1_000_000));
        }
    }

    synchronized void close() {
        closed = true;
        notifyAll();
    }

    synchronized boolean isClosed() {
        return closed;
    }
}
