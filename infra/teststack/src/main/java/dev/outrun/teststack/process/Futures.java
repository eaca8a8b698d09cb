package dev.outrun.teststack.process;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waiting, but not for ever. */
public final class Futures {

    private Futures() {}

    /**
     * Returns when it is done.
     *
     * @throws AssertionError if that takes too long
     */
    public static void await(CompletableFuture<?> future, Duration limit, String what)
            throws InterruptedException {
        try {
            future.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("waited " + limit + " for " + what, e);
        } catch (ExecutionException e) {
            throw new AssertionError("waited for " + what, e.getCause());
        }
    }
}
