package dev.outrun.connector;

import dev.outrun.connector.publish.DeadLetters;
import dev.outrun.connector.publish.Gate;
import dev.outrun.connector.topic.RunTopics;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.common.KafkaException;

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
    private final Supervisor supervisor;

    /**
     * Starts a connector; returns when the slot is streaming, or when it stands by because another
     * connector has the slot's lease. The platform's topics must exist.
     *
     * @throws OutrunException {@code unavailable} where Postgres or Kafka do not answer in time,
     *     {@code internal} where slot, checkpoint and topics do not belong together
     */
    public static OutboxConnector start(ConnectorConfig config) throws InterruptedException {
        OutboxConnector connector = new OutboxConnector(config);
        boolean started = false;
        try {
            connector.supervisor.start();
            started = true;
            return connector;
        } catch (SQLException | KafkaException | TimeoutException | ExecutionException e) {
            throw new OutrunException(
                    ErrorCode.UNAVAILABLE, "the connector cannot start: " + e.getMessage(), e);
        } catch (IllegalStateException e) {
            throw new OutrunException(
                    ErrorCode.INTERNAL, "the connector cannot start: " + e.getMessage(), e);
        } finally {
            if (!started) {
                connector.close();
            }
        }
    }

    private OutboxConnector(ConnectorConfig config) {
        this.runTopics = new RunTopics(config.kafka(), "outrun-run-topics-" + config.slot());
        this.supervisor = new Supervisor(config, runTopics, gate);
    }

    /**
     * Returns when all that committed before this call is in both lanes, acknowledged, and {@code
     * outrun.run_event} says so.
     *
     * @throws OutrunException at once if the connector has halted or Postgres does not answer
     */
    public void drainOnce(Duration limit) throws InterruptedException, TimeoutException {
        supervisor.drain(limit);
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
     * @throws IllegalStateException unless it is paused
     * @throws TimeoutException after the limit; then fewer have been published, and no more are
     * @throws OutrunException if the connector has halted, or had to begin again meanwhile
     */
    public void step(int appends, Duration limit) throws InterruptedException, TimeoutException {
        try {
            supervisor.step(appends, limit);
        } catch (TimeoutException e) {
            gate.shut();
            throw e;
        }
    }

    /** Goes on after a {@link #pause}. */
    public void resume() {
        gate.open();
    }

    /** How it is, right now. */
    public Health health() {
        return supervisor.health();
    }

    /**
     * Publishes and checkpoints what has committed, as far as the limit allows, and stops; the slot
     * is free afterwards. Idempotent; a second caller waits for the first.
     */
    @Override
    public void close() {
        supervisor.close();
        runTopics.close();
    }
}
