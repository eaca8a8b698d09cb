package dev.outrun.worker;

import dev.outrun.schema.error.OutrunException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Asks the ledger for a handler, on another thread: an interrupt of the handler's would close the
 * connection, and leave open whether a statement was committed.
 */
final class Aside {

    private Aside() {}

    /**
     * The answer.
     *
     * @throws RunStoppedException if the handler is interrupted meanwhile
     * @throws OutrunException the ledger's own
     */
    static <T> T ask(Callable<T> question) {
        FutureTask<T> asked = new FutureTask<>(question);
        Thread.ofVirtual().name("aside-of-" + Thread.currentThread().getName()).start(asked);
        try {
            return asked.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RunStoppedException("interrupted", e);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case OutrunException refusal -> throw refusal;
                case RunStoppedException stopped -> throw stopped;
                case null, default ->
                        throw new IllegalStateException("the ledger cannot be asked", e);
            }
        }
    }
}
