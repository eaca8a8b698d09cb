package dev.outrun.teststack;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Two servers that were started at the same time. */
record Both<A extends AutoCloseable, B extends AutoCloseable>(A first, B second) {

    /**
     * Starts both and waits for both; when one fails the other is closed again.
     *
     * @throws IllegalStateException if one did not start
     */
    static <A extends AutoCloseable, B extends AutoCloseable> Both<A, B> started(
            Callable<A> first, Callable<B> second) {
        Future<A> a;
        Future<B> b;
        try (ExecutorService starters =
                Executors.newThreadPerTaskExecutor(
                        Thread.ofPlatform().name("teststack-start-", 0).factory())) {
            a = starters.submit(first);
            b = starters.submit(second);
        } // waits for both; an interrupt is passed on to them
        if (a.state() == Future.State.SUCCESS && b.state() == Future.State.SUCCESS) {
            return new Both<>(a.resultNow(), b.resultNow());
        }
        Throwable cause = a.state() == Future.State.FAILED ? a.exceptionNow() : b.exceptionNow();
        IllegalStateException failure =
                new IllegalStateException("the test servers did not start", cause);
        abandon(a, failure);
        abandon(b, failure);
        throw failure;
    }

    private static void abandon(Future<? extends AutoCloseable> ended, Exception failure) {
        if (ended.state() == Future.State.SUCCESS) {
            try {
                ended.resultNow().close();
            } catch (Exception e) {
                failure.addSuppressed(e);
            }
        }
    }
}
