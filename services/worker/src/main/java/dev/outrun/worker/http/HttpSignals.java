package dev.outrun.worker.http;

import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.work.Interrupt;
import dev.outrun.worker.WorkerSignals;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Shows of each attempt that it lives, and hears in the answer whether it is to stop. */
final class HttpSignals implements WorkerSignals {

    private static final Logger log = LoggerFactory.getLogger(HttpSignals.class);

    /** As often as the server asks for it: three times before an attempt is missed. */
    private static final Duration EVERY = Duration.ofSeconds(3);

    private final HttpAttempts attempts;
    private final CountDownLatch closing = new CountDownLatch(1);

    HttpSignals(HttpAttempts attempts) {
        this.attempts = attempts;
    }

    @Override
    public void start(Consumer<Interrupt> interrupts) {
        Thread.ofPlatform().name("outrun-heartbeats").daemon().start(() -> beat(interrupts));
    }

    /** Nothing that would not show where tasks are taken. */
    @Override
    public Optional<String> problem() {
        return Optional.empty();
    }

    @Override
    public void close() {
        closing.countDown();
    }

    private void beat(Consumer<Interrupt> interrupts) {
        try {
            while (!closing.await(EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
                try (ExecutorService together = Executors.newVirtualThreadPerTaskExecutor()) {
                    attempts.live().forEach(key -> together.execute(() -> beat(key, interrupts)));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody does; the thread ends
        }
    }

    private void beat(HttpAttempts.Key key, Consumer<Interrupt> interrupts) {
        try {
            if (attempts.heartbeat(key)) {
                interrupts.accept(new Interrupt(key.run().toString(), key.attempt()));
            }
        } catch (OutrunException e) {
            log.warn("no heartbeat run={} attempt={} code={}", key.run(), key.attempt(), e.code());
        }
    }
}
