package dev.outrun.worker;

import dev.outrun.schema.work.Interrupt;
import java.util.Optional;
import java.util.function.Consumer;

/** How a worker shows that it lives, and hears which attempts are to stop. */
public interface WorkerSignals extends AutoCloseable {

    /**
     * Shows the first sign of life and begins to listen; returns once an interrupt cannot be missed
     * any more.
     *
     * @throws dev.outrun.schema.error.OutrunException {@code unavailable} if it cannot begin
     */
    void start(Consumer<Interrupt> interrupts);

    /** What keeps the signs from being seen; empty while all is well. */
    Optional<String> problem();

    /** Says that the worker leaves and runs nothing any more; bounded. Again: nothing. */
    @Override
    void close();
}
