package dev.outrun.connector;

import dev.outrun.connector.publish.Checkpoint;
import dev.outrun.connector.publish.Checkpoints;
import dev.outrun.connector.publish.FirehoseTail;
import dev.outrun.connector.publish.Progress;
import dev.outrun.connector.publish.Publisher;
import dev.outrun.connector.source.Change;
import dev.outrun.connector.source.ChangeSource;
import dev.outrun.connector.source.DebeziumSource;
import dev.outrun.connector.source.Lsn;
import dev.outrun.connector.source.ReplicationSlot;
import dev.outrun.connector.source.SlotState;
import dev.outrun.connector.source.UnreadableChangeException;
import dev.outrun.connector.topic.RunTopics;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes what is appended in Postgres: every event once to the firehose, and once to its run's
 * topic at offset = seq. Thread-safe.
 *
 * <p>A lost database connection is made again; Kafka is waited for as long as it takes; a broken
 * invariant halts the connector for good, which its {@link #health} and {@link #drainOnce} say.
 */
public final class OutboxConnector implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(OutboxConnector.class);

    private static final Duration BACKOFF_MIN = Duration.ofMillis(100);
    private static final Duration BACKOFF_MAX = Duration.ofSeconds(5);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(10);

    /** Between barriers that only checkpoint what came last. */
    private static final Duration IDLE_BARRIERS = Duration.ofSeconds(1);

    private final ConnectorConfig config;
    private final ReplicationSlot slot;
    private final RunTopics runTopics;
    private final Checkpoints checkpoints;
    private final Progress progress;
    private final CompletableFuture<Publisher> publisher = new CompletableFuture<>();
    private final CompletableFuture<Void> stop = new CompletableFuture<>();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final AtomicReference<@Nullable OutrunException> halted = new AtomicReference<>();
    private volatile @Nullable String reconnecting;
    private volatile @Nullable ChangeSource source;
    private volatile CompletableFuture<Void> sourceEnded = new CompletableFuture<>();
    private volatile int reader;
    private @Nullable Thread supervisor;
    private long lastBarrier = System.nanoTime();

    /**
     * Starts a connector; returns when the slot is streaming. The platform's topics must exist.
     *
     * @throws OutrunException {@code unavailable} where Postgres or Kafka do not answer in time,
     *     {@code internal} where slot, checkpoint and topics do not belong together
     */
    public static OutboxConnector start(ConnectorConfig config) throws InterruptedException {
        OutboxConnector connector = new OutboxConnector(config);
        boolean open = false;
        try {
            connector.open();
            open = true;
            return connector;
        } catch (SQLException | KafkaException | TimeoutException | ExecutionException e) {
            throw new OutrunException(
                    ErrorCode.UNAVAILABLE, "the connector cannot start: " + e.getMessage(), e);
        } catch (IllegalStateException e) {
            throw new OutrunException(
                    ErrorCode.INTERNAL, "the connector cannot start: " + e.getMessage(), e);
        } finally {
            if (!open) {
                connector.publisher.cancel(false);
                connector.close();
            }
        }
    }

    private OutboxConnector(ConnectorConfig config) {
        this.config = config;
        this.slot = new ReplicationSlot(config.postgres(), config.slot());
        this.runTopics = new RunTopics(config.kafka(), "outrun-run-topics-" + config.slot());
        this.checkpoints =
                new Checkpoints(
                        config.kafka(),
                        config.topics().checkpoints(),
                        config.slot(),
                        this::confirm,
                        this::halt);
        this.progress = new Progress(checkpoints::write);
    }

    /**
     * Returns when all that committed before this call is in both lanes, acknowledged.
     *
     * @throws OutrunException at once if the connector has halted or Postgres does not answer
     */
    public void drainOnce(Duration limit) throws InterruptedException, TimeoutException {
        String id = UUID.randomUUID().toString();
        CompletableFuture<Void> passed = progress.awaitBarrier(id);
        try {
            if (!passed.isDone()) {
                slot.barrier(id);
            }
            passed.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (SQLException e) {
            throw new OutrunException(ErrorCode.UNAVAILABLE, "no barrier can be written", e);
        } catch (ExecutionException e) {
            Throwable cause = causeOf(e);
            throw new OutrunException(ErrorCode.INTERNAL, message(cause), cause);
        } finally {
            progress.forgetBarrier(id);
        }
    }

    /** How it is, right now. */
    public Health health() {
        OutrunException reason = halted.get();
        Duration oldest = progress.oldestUnacknowledged();
        if (reason != null) {
            return new Health(Health.State.HALTED, message(reason), oldest);
        } else if (closing.get()) {
            return new Health(Health.State.STOPPED, null, oldest);
        }
        String lost = reconnecting;
        return new Health(
                lost == null ? Health.State.RUNNING : Health.State.RECONNECTING, lost, oldest);
    }

    /**
     * Publishes and checkpoints what has committed, as far as the limit allows, and stops; the slot
     * is free afterwards. Idempotent; a second caller waits for the first.
     */
    @Override
    public void close() {
        if (!closing.compareAndSet(false, true)) {
            awaitClosed();
            return;
        }
        long deadline = System.nanoTime() + config.timing().closeLimit().toNanos();
        boolean interrupted = Thread.interrupted(); // a close is bounded, and done to its end
        try {
            interrupted |= finish(Duration.ofNanos((deadline - System.nanoTime()) / 2));
            stop.complete(null);
            ChangeSource streaming = source;
            if (streaming != null) {
                streaming.close(left(deadline));
                endReader();
            }
            if (publisher.isDone() && !publisher.isCompletedExceptionally()) {
                publisher.join().close(left(deadline));
            }
        } finally {
            progress.fail(new OutrunException(ErrorCode.UNAVAILABLE, "the connector is closed"));
            checkpoints.close();
            runTopics.close();
            slot.close();
            closed.countDown();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void open()
            throws SQLException, InterruptedException, ExecutionException, TimeoutException {
        Duration limit = config.timing().startLimit();
        slot.createIfMissing();
        SlotState state = slot.awaitFree(limit);
        begin(limit);
        // From here on nobody else publishes: the slot is ours, so the firehose's end stays.
        Checkpoint last =
                Checkpoints.read(
                        config.kafka(), config.topics().checkpoints(), config.slot(), limit);
        check(last, state);
        FirehoseTail tail =
                FirehoseTail.read(
                        config.kafka(),
                        config.topics().events(),
                        last == null ? null : last.firehose(),
                        limit);
        if (last == null) {
            // Before anything is sent, so that no checkpoint always means nothing published.
            checkpoints.write(Checkpoint.of(state.system(), state.confirmed(), tail.ends()));
            if (!checkpoints.awaitWritten(limit)) {
                throw new TimeoutException("the first checkpoint is not acknowledged");
            }
        }
        publisher.complete(
                Publisher.open(
                        config.kafka(),
                        config.topics(),
                        settings(),
                        state,
                        last == null ? state.confirmed() : last.lsn(),
                        tail,
                        runTopics,
                        progress,
                        this::halt));
        supervisor =
                Thread.ofVirtual().name("outrun-connector-" + config.slot()).start(this::supervise);
        LOG.info(
                "connector started slot={} confirmed={} checkpoint={} tail_runs={}",
                config.slot(),
                state.confirmed(),
                last == null ? "none" : last.position(),
                tail.lastSeqs().size());
    }

    private static void check(@Nullable Checkpoint last, SlotState state) {
        if (last == null) {
            return;
        }
        if (!last.system().equals(Long.toUnsignedString(state.system()))) {
            throw new IllegalStateException(
                    "the checkpoint is of another Postgres cluster: system identifier %s, not %s"
                            .formatted(last.system(), Long.toUnsignedString(state.system())));
        }
        if (state.written().isBefore(last.lsn())) {
            throw new IllegalStateException(
                    "the checkpoint is at %s, the database's log ends at %s: it is an older copy"
                            .formatted(last.position(), state.written()));
        }
    }

    private Publisher.Settings settings() {
        ConnectorConfig.RunTopicSettings runs = config.runTopics();
        return new Publisher.Settings(
                config.slot(),
                config.timing().rest(),
                runs.producers(),
                runs.producerTopics(),
                runs.rest(),
                runs.knownRuns(),
                runs.queueAppends(),
                runs.queueBytes(),
                config.timing().checkpointEvery());
    }

    /** Starts a source and waits until it reads from the slot. */
    private void begin(Duration limit)
            throws SQLException, InterruptedException, ExecutionException, TimeoutException {
        long deadline = System.nanoTime() + limit.toNanos();
        ChangeSource next = new DebeziumSource(config.postgres(), config.slot());
        source = next;
        CompletableFuture<Void> ended = next.start(this::accept);
        sourceEnded = ended;
        while ((reader = slot.reader()) == 0) {
            if (System.nanoTime() - deadline > 0) {
                throw new TimeoutException("the slot has no reader yet");
            }
            try {
                ended.get(LOOK_AGAIN.toNanos(), TimeUnit.NANOSECONDS);
                return; // it was closed
            } catch (TimeoutException e) {
                // Still starting.
            }
        }
    }

    private void accept(Change change) throws InterruptedException {
        Publisher to;
        try {
            to = publisher.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("the connector has not started", e);
        }
        OutrunException reason = halted.get();
        if (reason != null) {
            throw reason;
        }
        to.accept(change);
    }

    private void confirm(Lsn position) {
        ChangeSource streaming = source;
        if (streaming != null) {
            streaming.confirm(position);
        }
    }

    private void halt(String reason, @Nullable Throwable cause) {
        OutrunException failure =
                cause == null
                        ? new OutrunException(ErrorCode.INTERNAL, "halted: " + reason)
                        : new OutrunException(ErrorCode.INTERNAL, "halted: " + reason, cause);
        if (halted.compareAndSet(null, failure)) {
            LOG.error("connector halted slot={} reason={}", config.slot(), reason, cause);
            stop.complete(null);
            progress.fail(failure);
        }
    }

    /** Its own thread: looks after the source, and sends barriers, until close or halt. */
    private void supervise() {
        Duration every = config.timing().checkpointEvery();
        try {
            while (!stop.isDone()) {
                CompletableFuture<Void> ended = sourceEnded;
                try {
                    CompletableFuture.anyOf(ended, stop).get(every.toNanos(), TimeUnit.NANOSECONDS);
                    if (!stop.isDone()) {
                        reconnect(new IllegalStateException("the source ended"));
                    }
                } catch (TimeoutException e) {
                    sendBarrier();
                } catch (ExecutionException e) {
                    reconnect(causeOf(e));
                }
            }
            ChangeSource streaming = source;
            if (halted.get() != null && streaming != null) {
                streaming.close(config.timing().closeLimit());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void sendBarrier() {
        long now = System.nanoTime();
        long since = now - lastBarrier;
        boolean idle =
                since >= IDLE_BARRIERS.toNanos()
                        && publisher.join().isIdleFor(config.timing().checkpointEvery());
        if (!idle && since < config.timing().heartbeatEvery().toNanos()) {
            return;
        }
        lastBarrier = now;
        try {
            slot.barrier("heartbeat");
        } catch (SQLException e) {
            // The stream has lost the same database and will say so.
            LOG.debug("no heartbeat slot={}", config.slot(), e);
        }
    }

    private void reconnect(Throwable cause) throws InterruptedException {
        Throwable reason = cause;
        Duration backoff = BACKOFF_MIN;
        while (!stop.isDone()) {
            if (isUnreadable(reason)) {
                halt(message(reason), reason);
                return;
            }
            reconnecting = message(reason);
            LOG.warn("stream lost slot={} retry_in={}", config.slot(), backoff, reason);
            try {
                stop.get(backoff.toNanos(), TimeUnit.NANOSECONDS);
                return;
            } catch (TimeoutException e) {
                backoff = min(backoff.multipliedBy(2), BACKOFF_MAX);
            } catch (ExecutionException e) {
                throw new IllegalStateException(e); // stop is never completed with an exception
            }
            try {
                ChangeSource lost = source;
                if (lost != null) {
                    lost.close(config.timing().closeLimit()); // one that has never begun to read
                }
                SlotState state = slot.awaitFree(BACKOFF_MAX);
                publisher.join().resume(state.confirmed());
                begin(config.timing().startLimit());
                reconnecting = null;
                LOG.info("stream resumed slot={} confirmed={}", config.slot(), state.confirmed());
                return;
            } catch (IllegalStateException e) {
                halt(message(e), e);
                return;
            } catch (ExecutionException e) {
                reason = causeOf(e);
            } catch (SQLException | TimeoutException e) {
                reason = e;
            }
        }
    }

    private static boolean isUnreadable(@Nullable Throwable reason) {
        return reason != null
                && (reason instanceof UnreadableChangeException || isUnreadable(reason.getCause()));
    }

    /** Lets what has committed reach Kafka and the checkpoint; whether it was interrupted. */
    private boolean finish(Duration limit) {
        if (supervisor == null || halted.get() != null || reconnecting != null) {
            return false;
        }
        long deadline = System.nanoTime() + limit.toNanos();
        try {
            drainOnce(limit);
            checkpoints.awaitWritten(left(deadline));
            return false;
        } catch (TimeoutException | OutrunException e) {
            LOG.warn("closed before all was published slot={}", config.slot(), e);
            return false;
        } catch (InterruptedException e) {
            return true;
        }
    }

    private void endReader() {
        if (reader == 0) {
            return;
        }
        try {
            slot.endReader(reader);
        } catch (SQLException e) {
            LOG.debug("cannot look after the slot's reader slot={}", config.slot(), e);
        }
    }

    private void awaitClosed() {
        try {
            closed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Throwable causeOf(ExecutionException e) {
        Throwable cause = e.getCause();
        return cause == null ? e : cause;
    }

    private static String message(Throwable reason) {
        String message = reason.getMessage();
        return message == null ? reason.getClass().getSimpleName() : message;
    }

    private static Duration left(long deadline) {
        return Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
    }

    private static Duration min(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }
}
