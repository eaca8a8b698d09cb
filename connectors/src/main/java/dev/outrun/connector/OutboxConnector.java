package dev.outrun.connector;

import dev.outrun.connector.publish.DeadLetters;
import dev.outrun.connector.publish.Gate;
import dev.outrun.connector.topic.RunTopics;
import dev.outrun.schema.error.OutrunException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;

/**
 * Publishes what is appended in Postgres: every event once to the firehose, and once to its run's
 * topic at offset = seq. Thread-safe.
 *
 * <p>A lost database connection is made again; a lost slot is made anew and what it would have
 * delivered is read from the table; Kafka is waited for as long as it takes; a broken invariant
 * halts the connector for good, which its {@link #health} and {@link #drainOnce} say. An append
 * that cannot be published halts its run only: see {@link DeadLetters}.
 */
public final class OutboxConnector implements AutoCloseable {

    private final RunTopics runTopics;
    private final Gate gate = new Gate();
    private final List<Supervisor> slots;

    /**
     * Starts a connector; returns when each of its slots is streaming, or stands by because another
     * connector has its lease. The platform's topics must exist.
     *
     * @param registry where its meters are, which docs/METRICS.md lists; not meant to outlive it
     * @throws OutrunException {@code unavailable} where Postgres or Kafka do not answer in time,
     *     {@code internal} where slot, checkpoint and topics do not belong together
     */
    public static OutboxConnector start(ConnectorConfig config, MeterRegistry registry)
            throws InterruptedException {
        OutboxConnector connector = new OutboxConnector(config, registry);
        boolean started = false;
        try {
            connector.start();
            started = true;
            return connector;
        } finally {
            if (!started) {
                connector.close();
            }
        }
    }

    /** The same, with meters that nobody reads. */
    public static OutboxConnector start(ConnectorConfig config) throws InterruptedException {
        return start(config, new SimpleMeterRegistry());
    }

    private OutboxConnector(ConnectorConfig config, MeterRegistry registry) {
        this.runTopics = new RunTopics(config.kafka(), "outrun-run-topics-" + config.slot());
        this.slots =
                config.splits().stream()
                        .map(split -> new Supervisor(config, split, runTopics, gate, registry))
                        .toList();
    }

    private void start() throws InterruptedException {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Void>> starts = new ArrayList<>();
            for (Supervisor slot : slots) {
                starts.add(() -> {
                    slot.start();
                    return null;
                });
            }
            for (Future<Void> started : threads.invokeAll(starts)) {
                started.get();
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof OutrunException known
                    ? known
                    : new IllegalStateException("the connector cannot start", e.getCause());
        }
    }

    /**
     * Returns when all that committed before this call is in both lanes, acknowledged, and {@code
     * outrun.run_event} says so.
     *
     * @throws OutrunException at once if the connector has halted or Postgres does not answer
     */
    public void drainOnce(Duration limit) throws InterruptedException, TimeoutException {
        long deadline = System.nanoTime() + limit.toNanos();
        for (Supervisor slot : slots) {
            slot.pipeline().drain(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
        }
    }

    /**
     * Publishes no further append until {@link #resume}, but for {@link #step}. What is being
     * published at this moment still is.
     */
    public void pause() {
        gate.shut();
    }

    /**
     * Publishes the next appends; returns when they are in both lanes, acknowledged.
     *
     * @param appends how many; waits for those that have not been committed yet
     * @throws IllegalStateException unless it is paused, or if it has several slots: there is no
     *     order among theirs
     * @throws TimeoutException after the limit; then fewer have been published, and no more are
     * @throws OutrunException if the connector has halted, or had to begin again meanwhile
     */
    public void step(int appends, Duration limit) throws InterruptedException, TimeoutException {
        if (slots.size() > 1) {
            throw new IllegalStateException("steps are for a connector with one slot");
        }
        try {
            slots.getFirst().pipeline().step(appends, limit);
        } catch (TimeoutException e) {
            gate.shut();
            throw e;
        }
    }

    /** Goes on after a {@link #pause}. */
    public void resume() {
        gate.open();
    }

    /** How it is, right now: as the worst off of its slots. */
    public Health health() {
        return slots.stream().map(Supervisor::health).reduce(Health::and).orElseThrow();
    }

    /**
     * What an operator has to know of its slots, in words: one is invalidated, or far behind. Empty
     * where all is well. From the last look at them.
     */
    public Optional<String> slotProblem() {
        return slots.stream()
                .flatMap(slot -> slot.slotProblem().stream())
                .reduce((one, other) -> one + "; " + other);
    }

    /**
     * Publishes and checkpoints what has committed, as far as the limit allows, and stops; its
     * slots are free afterwards. Idempotent; a second caller waits for the first.
     */
    @Override
    public void close() {
        boolean interrupted = Thread.interrupted(); // a close is bounded, and done to its end
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            slots.forEach(slot -> threads.execute(slot::close));
        }
        runTopics.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
