package dev.outrun.server;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a process has started, in an order: closed last first, whichever was ready first. A part
 * that fails to close does not keep the others open. Thread-safe: it may be closed, by a signal,
 * while parts are still starting.
 */
public final class Parts implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Parts.class);

    private final Deque<Starting<?>> parts = new ArrayDeque<>();
    private boolean closed;

    /** A part that starts on a thread of its own. */
    public static final class Starting<T extends AutoCloseable> {

        private final String name;
        private final CompletableFuture<T> future = new CompletableFuture<>();

        private Starting(String name) {
            this.name = name;
        }

        /** The part, once it has started; or its failure. */
        public T join() {
            try {
                return future.join();
            } catch (CompletionException e) {
                throw e.getCause() instanceof RuntimeException known ? known : e;
            }
        }

        /** The part, if it has started by now. */
        Optional<T> started() {
            return future.isDone() && !future.isCompletedExceptionally()
                    ? Optional.of(future.join())
                    : Optional.empty();
        }

        private void run(Callable<T> start) {
            try {
                future.complete(start.call());
            } catch (Throwable e) {
                // Also an Error: whoever joins must hear of it, or would wait for ever.
                future.completeExceptionally(e);
            }
        }

        private void close() {
            try {
                future.join().close();
            } catch (CompletionException e) {
                // It has not started: whoever joined it knows, and there is nothing to close.
            } catch (Exception e) {
                log.warn("part did not close cleanly part={}", name, e);
            }
        }
    }

    /** Takes a started part; where these parts are closed already, it is closed at once. */
    public <T extends AutoCloseable> T add(String name, T part) {
        return later(name, () -> part).join();
    }

    /** Starts a part beside the others; its place in the order is that of this call. */
    public <T extends AutoCloseable> Starting<T> later(String name, Callable<T> start) {
        Starting<T> starting = new Starting<>(name);
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException("stopping: " + name + " is not started any more");
            }
            parts.push(starting);
        }
        Thread.ofVirtual().name("outrun-start-" + name).start(() -> starting.run(start));
        return starting;
    }

    /** Closes every part, waiting for those that are still starting. Idempotent. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        for (Starting<?> part = pop(); part != null; part = pop()) {
            part.close();
        }
    }

    private synchronized @Nullable Starting<?> pop() {
        return parts.poll();
    }
}
