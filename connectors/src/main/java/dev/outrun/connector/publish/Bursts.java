package dev.outrun.connector.publish;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.apache.kafka.common.errors.InterruptException;

/**
 * A bounded queue and the thread behind it, which takes all that has gathered in one burst, and
 * then rests while the next one gathers.
 *
 * <p>Under load this makes few and full requests of many small ones, for which the broker and every
 * reader behind it has less to do, and nobody has to wake the thread for what arrives while it
 * rests. What comes after a quiet time is taken at once.
 */
final class Bursts<T> implements AutoCloseable {

    /** Items in one burst; with as many waiting there is no rest. */
    static final int ITEMS_MAX = 1_000;

    /** Grain of the bound in bytes. */
    private static final int KIBIBYTE = 1 << 10;

    private final BlockingQueue<T> queue;
    private final ToIntFunction<T> bytes;
    private final Semaphore room;
    private final int roomTotal;
    private final Supplier<Duration> rest;
    private final Taker<T> taker;
    private final Consumer<Exception> failed;
    private final Thread thread;
    private volatile boolean closed;

    /** Who takes bursts. */
    @FunctionalInterface
    interface Taker<T> {

        /** Takes a burst, in the order of its items' coming. An exception is the end. */
        void take(List<T> burst) throws Exception;
    }

    /**
     * What may wait.
     *
     * @param items before {@link #put} blocks
     * @param bytes of all items, likewise; a single larger one waits alone
     */
    record Limits(int items, int bytes) {}

    /**
     * Starts its thread.
     *
     * @param rest asked for after each burst, on its thread
     * @param failed hears of the exception that ended the thread, unless it was closed
     */
    Bursts(
            String name,
            Limits limits,
            Supplier<Duration> rest,
            ToIntFunction<T> bytes,
            Taker<T> taker,
            Consumer<Exception> failed) {
        this.queue = new ArrayBlockingQueue<>(limits.items());
        this.bytes = bytes;
        this.roomTotal = limits.bytes() / KIBIBYTE;
        this.room = new Semaphore(roomTotal);
        this.rest = rest;
        this.taker = taker;
        this.failed = failed;
        this.thread = Thread.ofPlatform().name(name).daemon().start(this::loop);
    }

    /** Adds an item; blocks while there is no room. If it throws, the item has not been added. */
    void put(T item) throws InterruptedException {
        int needed = room(item);
        room.acquire(needed);
        boolean added = false;
        try {
            queue.put(item);
            added = true;
        } finally {
            if (!added) {
                room.release(needed);
            }
        }
    }

    /** Adds an item unless there is no room, and then another burst is coming. Never blocks. */
    void offer(T item) {
        int needed = room(item);
        if (room.tryAcquire(needed) && !queue.offer(item)) {
            room.release(needed);
        }
    }

    /** Interrupts a burst that is being taken; what waits is dropped. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }

    private int room(T item) {
        return Math.clamp(bytes.applyAsInt(item) / KIBIBYTE, 1, roomTotal);
    }

    private void loop() {
        List<T> burst = new ArrayList<>(ITEMS_MAX);
        try {
            while (!closed) {
                burst.add(queue.take());
                queue.drainTo(burst, ITEMS_MAX - 1);
                taker.take(burst);
                room.release(burst.stream().mapToInt(this::room).sum());
                burst.clear();
                if (queue.size() < ITEMS_MAX) {
                    LockSupport.parkNanos(rest.get().toNanos());
                }
            }
        } catch (InterruptedException | InterruptException e) {
            Thread.currentThread().interrupt(); // closed
        } catch (Exception e) {
            if (!closed) {
                failed.accept(e);
            }
        }
    }
}
