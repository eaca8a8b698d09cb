package dev.outrun.worker;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Events on their way from a handler to the ledger: many threads add, one takes them batch by
 * batch. An event waits for others no longer than the delay, nor than it takes to fill a batch;
 * what is added while a batch is being appended makes the next one.
 */
final class EventBuffer implements EventSink {

    /** Far below what one append may have: a batch is one transaction and one change. */
    static final int BATCH_EVENTS = 500;

    static final int BATCH_BYTES = 1 << 20;

    /** When so much waits, adding waits too. */
    private static final int WAITING_EVENTS_MAX = 4 * BATCH_EVENTS;

    private static final int WAITING_BYTES_MAX = 4 * BATCH_BYTES;

    /**
     * Consecutive events as one append.
     *
     * @param isLast whether no event can come after them
     */
    record Batch(String json, int events, boolean isLast) {}

    private record Waiting(String json, int bytes, long since) {}

    private final long delayNanos;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private long waitingBytes;
    private long added;
    private long appended;
    private long wanted;
    private boolean ended;
    private @Nullable RunStoppedException stopped;

    EventBuffer(Duration delay) {
        this.delayNanos = delay.toNanos();
    }

    @Override
    public void add(String json, int bytes) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            check();
            while (waiting.size() >= WAITING_EVENTS_MAX || waitingBytes >= WAITING_BYTES_MAX) {
                changed.await();
                check();
            }
            waiting.add(new Waiting(json, bytes, System.nanoTime()));
            waitingBytes += bytes;
            added++;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void flush() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            check();
            long last = added;
            wanted = Math.max(wanted, last);
            changed.signalAll();
            while (appended < last) {
                changed.await();
                check();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Takes no more from now on; what it has is to be taken at once. */
    void end() {
        lock.lock();
        try {
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void stop(RunStoppedException why) {
        lock.lock();
        try {
            if (stopped == null) {
                stopped = why;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the next batch; null when it has ended and all is taken. */
    @Nullable Batch take() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!isDue()) {
                if (ended && waiting.isEmpty()) {
                    return null;
                }
                if (waiting.isEmpty()) {
                    changed.await();
                } else {
                    changed.awaitNanos(waiting.element().since() + delayNanos - System.nanoTime());
                }
            }
            return batch();
        } finally {
            lock.unlock();
        }
    }

    /** The batch taken last is committed. */
    void appended(Batch batch) {
        lock.lock();
        try {
            appended += batch.events();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private boolean isDue() {
        return !waiting.isEmpty()
                && (ended
                        || stopped != null
                        || wanted > appended
                        || waiting.size() >= BATCH_EVENTS
                        || waitingBytes >= BATCH_BYTES
                        || System.nanoTime() - waiting.element().since() >= delayNanos);
    }

    private Batch batch() {
        StringBuilder json = new StringBuilder("[");
        int events = 0;
        long bytes = 0;
        while (!waiting.isEmpty()
                && events < BATCH_EVENTS
                && (events == 0 || bytes + waiting.element().bytes() <= BATCH_BYTES)) {
            Waiting next = waiting.remove();
            json.append(events == 0 ? "" : ",").append(next.json());
            bytes += next.bytes();
            events++;
        }
        waitingBytes -= bytes;
        changed.signalAll();
        return new Batch(json.append(']').toString(), events, ended && waiting.isEmpty());
    }

    private void check() {
        if (stopped != null) {
            throw again(stopped);
        }
        if (ended) {
            throw new RunStoppedException("the attempt has ended", null);
        }
    }

    @Override
    public RunStoppedException whyInterrupted(InterruptedException e) {
        lock.lock();
        try {
            return stopped == null ? new RunStoppedException("interrupted", e) : again(stopped);
        } finally {
            lock.unlock();
        }
    }

    /** With the stack of whoever meets it. */
    private static RunStoppedException again(RunStoppedException why) {
        return new RunStoppedException(String.valueOf(why.getMessage()), why.getCause());
    }
}
