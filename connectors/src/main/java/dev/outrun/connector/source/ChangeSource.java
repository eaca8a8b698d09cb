package dev.outrun.connector.source;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * A stream of committed changes that begins at the last position confirmed, whole transactions in
 * commit order, each at least once. It runs once: after its end, make another one.
 */
public interface ChangeSource {

    /**
     * Begins to stream, on threads of its own.
     *
     * @return done when it has ended and holds nothing any more: normally after {@link #close},
     *     else with the reason
     */
    CompletableFuture<Void> start(ChangeConsumer consumer);

    /**
     * Says that all transactions that committed before this position are safe elsewhere: they need
     * not be kept for another stream. Positions only rise. Any thread; never blocks; a confirmation
     * may be lost.
     */
    void confirm(Lsn position);

    /**
     * Ends the stream; confirms what can still be confirmed. Returns when it has ended or the time
     * is over. Idempotent.
     */
    void close(Duration limit);
}
