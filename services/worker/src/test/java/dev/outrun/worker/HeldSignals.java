package dev.outrun.worker;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.work.Interrupt;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Signals that a test sends by hand. */
final class HeldSignals implements WorkerSignals {

    final CountDownLatch left = new CountDownLatch(1);
    private volatile @Nullable Consumer<Interrupt> listener;

    void interrupt(RunId run, int attempt) {
        Consumer<Interrupt> started = listener;
        if (started == null) {
            throw new IllegalStateException("no worker listens");
        }
        started.accept(new Interrupt(run.toString(), attempt));
    }

    @Override
    public void start(Consumer<Interrupt> interrupts) {
        listener = interrupts;
    }

    @Override
    public Optional<String> problem() {
        return Optional.empty();
    }

    @Override
    public void close() {
        left.countDown();
    }
}
