package dev.outrun.connector;

import dev.outrun.connector.publish.Checkpoints;
import dev.outrun.connector.publish.DeadLetters;
import dev.outrun.connector.publish.Gate;
import dev.outrun.connector.publish.PublisherMetrics;
import dev.outrun.connector.publish.Suspects;
import dev.outrun.connector.source.ControlConnection;
import dev.outrun.connector.source.HaltedRuns;
import dev.outrun.connector.source.Lease;
import dev.outrun.connector.source.Lsn;
import dev.outrun.connector.source.Outbox;
import dev.outrun.connector.source.ReplicationSlot;
import dev.outrun.connector.source.SlotCare;
import dev.outrun.connector.source.Split;
import dev.outrun.connector.source.UnreadableChangeException;
import dev.outrun.connector.source.Watermarks;
import dev.outrun.connector.topic.RunTopics;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one slot published: holds its lease, opens pipelines, one after the other, and says why
 * when that cannot go on. Thread-safe.
 */
final class Supervisor implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Supervisor.class);

    /** Of the lease: several times in its length. */
    private static final Duration RENEW_EVERY = Duration.ofMillis(500);

    /** In one life. A predecessor that wakes up does it once or twice; more is somebody else. */
    private static final int OVERTAKEN_MAX = 20;

    private static final Duration BACKOFF_MIN = Duration.ofMillis(100);
    private static final Duration BACKOFF_MAX = Duration.ofSeconds(5);

    private final ConnectorConfig config;
    private final String slot;
    private final ControlConnection control;
    private final Lease lease;
    private final Checkpoints checkpoints;
    private final Pipeline.Shared shared;
    private final SlotCare care;
    private final CurrentPipeline pipeline;
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile @Nullable String reconnecting;
    private @Nullable Thread thread;
    private int overtaken;
    private volatile boolean mayHaveStrayed;

    /**
     * For the slot of this split.
     *
     * @param gate passed before every append
     * @param registry where its meters are, tagged with the slot's name
     */
    Supervisor(
            ConnectorConfig config,
            Split split,
            RunTopics runTopics,
            Gate gate,
            MeterRegistry registry) {
        PublisherMetrics metrics = new PublisherMetrics(registry, split.slot());
        this.config = config;
        this.slot = split.slot();
        this.pipeline = new CurrentPipeline(slot);
        this.control = new ControlConnection(config.postgres());
        ReplicationSlot replication = new ReplicationSlot(config.postgres(), control, split);
        ConnectorConfig.SlotSettings settings = config.slotSettings();
        this.care = new SlotCare(replication, slot, settings.lookEvery(), settings.lagBytesMax());
        this.lease = new Lease(config.postgres(), split, holder());
        this.checkpoints =
                new Checkpoints(
                        config.kafka(),
                        config.topics().checkpoints(),
                        slot,
                        this::confirm,
                        pipeline::halt);
        this.shared =
                new Pipeline.Shared(
                        config,
                        split,
                        replication,
                        new Watermarks(control, split),
                        new Outbox(config.postgres()),
                        runTopics,
                        checkpoints,
                        new DeadLetters(
                                config.kafka(),
                                config.topics().deadLetters(),
                                new HaltedRuns(control, split),
                                metrics),
                        new Suspects(),
                        metrics,
                        gate,
                        lease,
                        pipeline::halt);
        SupervisorMetrics.register(registry, slot, this, checkpoints, shared.deadLetters());
        SlotMetrics.register(registry, slot, care);
    }

    /**
     * Starts; returns when the slot is streaming, or when it stands by because another connector
     * has the slot's lease. After a failure it has to be closed.
     *
     * @throws OutrunException {@code unavailable} where Postgres or Kafka do not answer in time,
     *     {@code internal} where slot, checkpoint and topics do not belong together
     */
    void start() throws InterruptedException {
        try {
            begin();
        } catch (SQLException | KafkaException | TimeoutException | ExecutionException e) {
            throw new OutrunException(
                    ErrorCode.UNAVAILABLE, "the connector cannot start: " + e.getMessage(), e);
        } catch (IllegalStateException e) {
            throw new OutrunException(
                    ErrorCode.INTERNAL, "the connector cannot start: " + e.getMessage(), e);
        }
    }

    private void begin()
            throws SQLException, InterruptedException, ExecutionException, TimeoutException {
        boolean held = lease.acquire();
        care.start();
        Thread.ofVirtual().name("outrun-lease-" + slot).start(this::keepLease);
        if (held) {
            open();
        } else {
            LOG.info("standing by: another connector publishes slot={}", slot);
        }
        thread = Thread.ofVirtual().name("outrun-connector-" + slot).start(this::supervise);
    }

    /** The pipeline that is open, or will be. */
    CurrentPipeline pipeline() {
        return pipeline;
    }

    /** How it is, right now. */
    public Health health() {
        OutrunException reason = pipeline.haltedBecause();
        Pipeline now = pipeline.now();
        Duration oldest = now == null ? Duration.ZERO : now.oldestUnacknowledged();
        if (reason != null) {
            return new Health(Health.State.HALTED, CurrentPipeline.message(reason), oldest);
        } else if (closing.get()) {
            return new Health(Health.State.STOPPED, null, oldest);
        }
        if (!lease.isHeld() && !mayHaveStrayed) {
            return new Health(Health.State.STANDBY, "another connector publishes", oldest);
        }
        String lost = mayHaveStrayed ? "its lease was lost" : reconnecting;
        return new Health(
                lost == null ? Health.State.RUNNING : Health.State.RECONNECTING, lost, oldest);
    }

    /** What an operator has to know of the slot, in words; empty where all is well. */
    Optional<String> slotProblem() {
        return care.problem();
    }

    /** Records sent that are not acknowledged. */
    long inFlight() {
        Pipeline now = pipeline.now();
        return now == null ? 0 : now.inFlight();
    }

    /** Publishes what has committed, as far as the limit allows, and stops. Idempotent. */
    @Override
    public void close() {
        if (!closing.compareAndSet(false, true)) {
            awaitClosed();
            return;
        }
        long deadline = System.nanoTime() + config.timing().closeLimit().toNanos();
        boolean interrupted = Thread.interrupted(); // a close is bounded, and done to its end
        OutrunException reason =
                new OutrunException(ErrorCode.UNAVAILABLE, "the connector is closed");
        try {
            interrupted |= finish(Duration.ofNanos((deadline - System.nanoTime()) / 2));
            pipeline.stop();
            closePipeline(left(deadline), reason);
            interrupted |= awaitEnd(left(deadline));
            closePipeline(left(deadline), reason); // one that was opened in the meantime
        } finally {
            pipeline.end(reason);
            checkpoints.close();
            care.close();
            control.close();
            release();
            closed.countDown();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** The last thing: whoever waits for the lease begins at once. */
    private void release() {
        try {
            lease.release();
        } catch (SQLException e) {
            LOG.debug("the lease was not given back slot={}", slot, e);
        }
        lease.close();
    }

    private void closePipeline(Duration limit, OutrunException reason) {
        Pipeline last = pipeline.now();
        if (last != null) {
            last.close(limit, reason);
        }
    }

    private void confirm(Lsn position) {
        Pipeline now = pipeline.now();
        if (now != null) {
            now.confirm(position);
        }
    }

    /** Its own thread: renews the lease to the very end. */
    private void keepLease() {
        try {
            while (!closed.await(RENEW_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
                try {
                    if (lease.isHeld() && !lease.renew()) {
                        mayHaveStrayed = true;
                        endWithoutLease();
                    }
                } catch (SQLException e) {
                    LOG.debug("the lease was not renewed slot={}", slot, e);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends the pipeline, if one is open and the lease is not held any more. */
    private void endWithoutLease() {
        Pipeline now = pipeline.now();
        if (now != null && !lease.isHeld()) {
            now.breakBy(new LeaseLostException("another connector has the lease"));
        }
    }

    /** Its own thread: looks after the pipeline, and sends barriers, until close or halt. */
    private void supervise() {
        try {
            while (!pipeline.isStopped()) {
                Pipeline now = pipeline.now();
                try {
                    if (now == null) {
                        recover(null, new LeaseLostException("another connector has the lease"));
                    } else {
                        awaitEnd(now);
                        recover(now, new IllegalStateException("the source ended"));
                    }
                } catch (ExecutionException e) {
                    recover(now, CurrentPipeline.causeOf(e));
                }
            }
            Pipeline last = pipeline.now();
            if (pipeline.haltedBecause() != null && last != null) {
                last.closeSource(config.timing().closeLimit());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitEnd(Pipeline now) throws InterruptedException, ExecutionException {
        Duration every = config.timing().checkpointEvery();
        CompletableFuture<?> end = CompletableFuture.anyOf(now.ended(), pipeline.stopped());
        while (true) {
            try {
                end.get(every.toNanos(), TimeUnit.NANOSECONDS);
                return;
            } catch (TimeoutException e) {
                tick(now);
            }
        }
    }

    private void tick(Pipeline now) {
        try {
            now.tick();
        } catch (SQLException e) {
            // The stream has lost the same database and will say so.
            LOG.debug("no barrier slot={}", slot, e);
        }
    }

    /**
     * Goes on with the pipeline, or with another one, as soon as we may and Postgres answers.
     *
     * @param broken null where none has been open
     */
    private void recover(@Nullable Pipeline broken, Throwable cause) throws InterruptedException {
        Throwable reason = cause;
        Duration backoff = BACKOFF_MIN;
        @Nullable Pipeline resumable = broken;
        while (!pipeline.isStopped()) {
            if (isUnreadable(reason)) {
                pipeline.halt(CurrentPipeline.message(reason), reason);
                return;
            } else if (reason instanceof OvertakenException && ++overtaken > OVERTAKEN_MAX) {
                pipeline.halt(CurrentPipeline.message(reason), reason);
                return;
            } else if (reason instanceof PipelineLostException lost && resumable != null) {
                replace(resumable, lost);
                resumable = null;
            }
            if (!(reason instanceof LeaseLostException)) {
                reconnecting = CurrentPipeline.message(reason);
                LOG.warn("stream lost slot={} retry_in={}", slot, backoff, reason);
            }
            if (stopsWithin(backoff)) {
                return;
            }
            try {
                if (mayHaveStrayed) {
                    shared.slot().tellOfStrays();
                    mayHaveStrayed = false;
                }
                if (!lease.isHeld() && !lease.acquire()) {
                    reason = new LeaseLostException("another connector has the lease");
                    continue;
                }
                backoff = min(backoff.multipliedBy(2), BACKOFF_MAX);
                if (resumable == null) {
                    open();
                } else {
                    resumable.resume();
                }
                reconnecting = null;
                return;
            } catch (IllegalStateException e) {
                pipeline.halt(CurrentPipeline.message(e), e);
                return;
            } catch (ExecutionException e) {
                reason = CurrentPipeline.causeOf(e);
            } catch (PipelineLostException | SQLException | KafkaException | TimeoutException e) {
                reason = e;
            }
        }
    }

    private boolean stopsWithin(Duration time) throws InterruptedException {
        try {
            pipeline.stopped().get(time.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e); // stop is never completed with an exception
        }
    }

    /** Ends a pipeline; whoever waits for one waits for the next. */
    private void replace(Pipeline broken, PipelineLostException reason)
            throws InterruptedException {
        LOG.warn("pipeline lost slot={}", slot, reason);
        pipeline.lose();
        // Without the lease nothing more may be sent, what waits in a producer included.
        broken.close(
                reason instanceof LeaseLostException ? Duration.ZERO : config.timing().closeLimit(),
                reason);
        if (reason instanceof RefusedException refused) {
            shared.deadLetters()
                    .halt(
                            refused.run(),
                            refused.seq(),
                            refused.seq(),
                            null,
                            CurrentPipeline.message(refused));
        }
    }

    /** Opens a pipeline, unless it was closed or has halted in the meantime. */
    private void open()
            throws SQLException, InterruptedException, ExecutionException, TimeoutException {
        Pipeline opened = Pipeline.open(shared);
        if (!pipeline.take(opened)) {
            opened.close(
                    config.timing().closeLimit(),
                    new OutrunException(ErrorCode.UNAVAILABLE, "the connector is closed"));
        }
        endWithoutLease(); // opening may take long
    }

    private static boolean isUnreadable(@Nullable Throwable reason) {
        return reason != null
                && (reason instanceof UnreadableChangeException || isUnreadable(reason.getCause()));
    }

    /** Lets what has committed reach Kafka and the checkpoint; whether it was interrupted. */
    private boolean finish(Duration limit) {
        if (thread == null
                || pipeline.haltedBecause() != null
                || reconnecting != null
                || !lease.isHeld()) {
            return false;
        }
        long deadline = System.nanoTime() + limit.toNanos();
        try {
            pipeline.drain(limit);
            checkpoints.awaitWritten(left(deadline));
            return false;
        } catch (TimeoutException | OutrunException e) {
            LOG.warn("closed before all was published slot={}", slot, e);
            return false;
        } catch (InterruptedException e) {
            return true;
        }
    }

    /** Lets the thread end, unless it is reopening; whether it was interrupted. */
    private boolean awaitEnd(Duration limit) {
        Thread running = thread;
        if (running == null) {
            return false;
        }
        try {
            if (!running.join(limit)) {
                LOG.warn("closed while the slot is being made anew slot={}", slot);
            }
            return false;
        } catch (InterruptedException e) {
            return true;
        }
    }

    private static String holder() {
        return ProcessHandle.current().pid() + "@" + System.getenv().getOrDefault("HOSTNAME", "?");
    }

    private void awaitClosed() {
        try {
            closed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Duration left(long deadline) {
        return Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
    }

    private static Duration min(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }
}
