package dev.outrun.connector;

import dev.outrun.connector.publish.Breakage;
import dev.outrun.connector.publish.Checkpoint;
import dev.outrun.connector.publish.Checkpoints;
import dev.outrun.connector.publish.DeadLetters;
import dev.outrun.connector.publish.FirehoseTail;
import dev.outrun.connector.publish.Gate;
import dev.outrun.connector.publish.Halt;
import dev.outrun.connector.publish.Progress;
import dev.outrun.connector.publish.Publisher;
import dev.outrun.connector.publish.PublisherMetrics;
import dev.outrun.connector.publish.Suspects;
import dev.outrun.connector.source.Change;
import dev.outrun.connector.source.ChangeSource;
import dev.outrun.connector.source.Coverage;
import dev.outrun.connector.source.Lease;
import dev.outrun.connector.source.Lsn;
import dev.outrun.connector.source.Outbox;
import dev.outrun.connector.source.ReplicationSlot;
import dev.outrun.connector.source.SlotState;
import dev.outrun.connector.source.Split;
import dev.outrun.connector.source.Watermarks;
import dev.outrun.connector.topic.RunTopics;
import dev.outrun.schema.run.RunId;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One publisher and its sources, one after the other. It lasts until it is closed, or its sources
 * cannot deliver any more what the topics lack.
 */
abstract class Pipeline {

    private static final Logger LOG = LoggerFactory.getLogger(Pipeline.class);

    final Shared shared;
    final Progress progress;
    final CompletableFuture<Publisher> publisher = new CompletableFuture<>();
    private final CompletableFuture<Barriers> barriers = new CompletableFuture<>();
    private final CompletableFuture<Void> broken = new CompletableFuture<>();
    private volatile @Nullable ChangeSource source;
    private volatile CompletableFuture<Void> ended = new CompletableFuture<>();

    /** What a connector's pipelines have in common. */
    record Shared(
            ConnectorConfig config,
            Split split,
            ReplicationSlot slot,
            Watermarks watermarks,
            Outbox outbox,
            RunTopics runTopics,
            Checkpoints checkpoints,
            DeadLetters deadLetters,
            Suspects suspects,
            PublisherMetrics metrics,
            Gate gate,
            Lease lease,
            Halt halt) {}

    Pipeline(Shared shared) {
        this.shared = shared;
        this.progress = new Progress(shared.checkpoints()::write);
    }

    /**
     * Opens one; returns when its source delivers. What the source does not deliver and the topics
     * lack is read from the table first.
     *
     * @throws IllegalStateException where database, checkpoint and topics do not belong together
     */
    static Pipeline open(Shared shared)
            throws SQLException, InterruptedException, ExecutionException, TimeoutException {
        Pipeline pipeline =
                switch (shared.config().source().kind()) {
                    case REPLICATION -> new SlotPipeline(shared);
                    case POLLING -> new PollingPipeline(shared);
                };
        boolean open = false;
        try {
            shared.checkpoints().begin(shared.lease().epoch());
            pipeline.open(shared.config().timing().startLimit());
            open = true;
            return pipeline;
        } finally {
            if (!open) {
                pipeline.close(
                        shared.config().timing().closeLimit(),
                        new IllegalStateException("the pipeline could not be opened"));
            }
        }
    }

    abstract void open(Duration limit)
            throws SQLException, InterruptedException, ExecutionException, TimeoutException;

    /**
     * Goes on with another source, after the last one has ended.
     *
     * @throws PipelineLostException if that is not possible: another pipeline is needed
     */
    abstract void resume()
            throws SQLException,
                    InterruptedException,
                    ExecutionException,
                    TimeoutException,
                    PipelineLostException;

    /** Ends the source: no change comes after this, if it ends within the limit. */
    void closeSource(Duration limit) {
        ChangeSource last = source;
        if (last != null) {
            last.close(limit);
        }
    }

    /**
     * Done when its source has ended, normally or with the reason; or when it was broken, with why.
     */
    CompletableFuture<?> ended() {
        return CompletableFuture.anyOf(ended, broken);
    }

    /** Says that it cannot go on. Any thread; never blocks. */
    void breakBy(PipelineLostException reason) {
        broken.completeExceptionally(reason);
    }

    Duration oldestUnacknowledged() {
        return progress.oldestUnacknowledged();
    }

    /** Records sent that are not acknowledged. */
    long inFlight() {
        return progress.inFlight();
    }

    /** Says to Postgres what is safe. */
    void confirm(Lsn position) {
        ChangeSource streaming = source;
        if (streaming != null) {
            streaming.confirm(position);
        }
    }

    /** Called now and then: sends the connector's own barriers, looks after what has stalled. */
    void tick() throws SQLException {
        barriers.join().tick();
        publisher.join().tick();
    }

    /**
     * Returns when all that committed before this call is published, and marked.
     *
     * @throws ExecutionException with the reason why that will not be
     */
    void drain(Duration limit)
            throws SQLException, InterruptedException, ExecutionException, TimeoutException {
        Barriers through = barriers.join();
        Barriers.Barrier barrier = through.send();
        try {
            barrier.passed().get(limit.toNanos(), TimeUnit.NANOSECONDS);
            through.mark(barrier);
        } finally {
            through.forget(barrier);
        }
    }

    /** Publishes so many appends; returns when they are acknowledged. */
    void step(int appends, Duration limit)
            throws InterruptedException, ExecutionException, TimeoutException {
        String id = UUID.randomUUID().toString();
        CompletableFuture<Void> passed = progress.awaitBarrier(id);
        try {
            shared.gate().step(appends, id);
            passed.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } finally {
            progress.forgetBarrier(id);
        }
    }

    /** Takes nothing more, at once; what is in flight stays so. Any thread. */
    void halt(Throwable reason) {
        if (publisher.state() == CompletableFuture.State.SUCCESS) {
            publisher.join().halt();
        }
        progress.fail(reason);
    }

    /**
     * Ends it, with what is in flight waited for as long as the limit allows.
     *
     * @param reason for those who wait for barriers
     */
    void close(Duration limit, Throwable reason) {
        long deadline = System.nanoTime() + limit.toNanos();
        publisher.cancel(false); // lets go of a source that waits for one
        closeSource(limit);
        if (publisher.state() == CompletableFuture.State.SUCCESS) {
            publisher.join().close(left(deadline));
        }
        progress.fail(reason);
    }

    /** The last checkpoints of those that have published what is ours, by slot. */
    final Map<String, Checkpoint> checkpoints(Duration limit) {
        Map<String, Checkpoint> all =
                Checkpoints.read(
                        shared.config().kafka(), shared.config().topics().checkpoints(), limit);
        all.keySet().removeIf(slot -> !shared.split().mayOverlap(slot));
        return all;
    }

    /** That these belong together. */
    static void check(Checkpoint last, SlotState state) {
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

    /**
     * A publisher that has taken what a snapshot sees and no topic has.
     *
     * @param snapshot exported, and looked at until this returns
     * @param checkpoints of those that have published what is ours
     */
    final Publisher refilled(
            String reason,
            SlotState state,
            String snapshot,
            Collection<Checkpoint> checkpoints,
            List<RunId> resolved,
            Duration limit)
            throws SQLException, InterruptedException, ExecutionException {
        checkpoints.forEach(one -> check(one, state));
        // Without a checkpoint Kafka may be another one than the watermarks speak of.
        List<Coverage> covered =
                checkpoints.isEmpty()
                        ? List.of(Coverage.none(shared.split()))
                        : shared.watermarks().read();
        List<Long> from = Coverage.firehose(covered);
        FirehoseTail tail = tail(from, limit);
        LOG.info(
                "refilling slot={} reason=\"{}\" confirmed={} firehose_from={} tail_runs={}",
                name(),
                reason,
                state.confirmed(),
                from,
                tail.lastSeqs().size());
        progress.begin(beginning(state, from, tail));
        Publisher opened = publisher(state, state.confirmed(), tail);
        boolean refilled = false;
        try {
            long appends = shared.outbox().read(snapshot, covered, opened::refill);
            resolve(resolved, opened);
            opened.endRefill();
            refilled = true;
            LOG.info("streaming slot={} refilled_appends={}", name(), appends);
            return opened;
        } finally {
            if (!refilled) {
                opened.close(timing().closeLimit());
            }
        }
    }

    /** What was resolved while no connector listened. */
    static void resolve(List<RunId> runs, Publisher opened) throws InterruptedException {
        for (RunId run : runs) {
            opened.resolve(run);
        }
    }

    /** Before the refill's own checkpoint there is none; its offsets are still a lower bound. */
    private static Checkpoint beginning(
            SlotState state, @Nullable List<Long> from, FirehoseTail tail) {
        Checkpoint empty =
                Checkpoint.of(
                        state.system(),
                        state.timeline(),
                        state.confirmed(),
                        new long[tail.ends().length]);
        return from == null
                ? empty
                : new Checkpoint(empty.system(), empty.timeline(), empty.position(), from);
    }

    /** The firehose behind these offsets. Read once the slot is ours: nobody else writes to it. */
    final FirehoseTail tail(@Nullable List<Long> from, Duration limit) {
        return FirehoseTail.read(
                shared.config().kafka(),
                shared.config().topics().events(),
                shared.split(),
                from,
                limit);
    }

    final Publisher publisher(SlotState state, Lsn position, FirehoseTail tail) {
        return new Publisher(
                shared.config().kafka(),
                shared.config().topics(),
                settings(),
                state,
                position,
                tail,
                shared.runTopics(),
                shared.outbox(),
                shared.deadLetters(),
                shared.suspects(),
                shared.metrics(),
                progress,
                shared.gate(),
                shared.lease()::isValid,
                new Breakage() {
                    @Override
                    public void refused(RunId run, long seq, String reason) {
                        breakBy(new RefusedException(run, seq, reason));
                    }

                    @Override
                    public void overtaken(String reason) {
                        breakBy(new OvertakenException(reason));
                    }
                },
                shared.halt());
    }

    private Publisher.Settings settings() {
        ConnectorConfig.RunTopicSettings runs = shared.config().runTopics();
        return new Publisher.Settings(
                shared.split(),
                timing().rest(),
                runs.producers(),
                runs.producerTopics(),
                runs.rest(),
                runs.knownRuns(),
                runs.queueAppends(),
                runs.queueBytes(),
                timing().checkpointEvery());
    }

    /**
     * Lets changes in.
     *
     * @param marker of the source
     */
    final void letIn(Publisher opened, Barriers.Marker marker) {
        barriers.complete(
                new Barriers(
                        marker, shared.watermarks(), progress, opened, timing().heartbeatEvery()));
        publisher.complete(opened);
    }

    /** Starts a source, whose changes the publisher gets once there is one; done at its end. */
    final CompletableFuture<Void> start(ChangeSource next) {
        return start(next, publisher);
    }

    /**
     * The same, but its changes wait for something.
     *
     * @param ready what it is; done with an error, the source ends
     */
    final CompletableFuture<Void> start(ChangeSource next, CompletableFuture<?> ready) {
        source = next;
        CompletableFuture<Void> started = next.start(change -> accept(change, ready));
        ended = started;
        return started;
    }

    private void accept(Change change, CompletableFuture<?> ready) throws InterruptedException {
        try {
            ready.get();
            publisher.get().accept(change);
        } catch (ExecutionException e) {
            throw new IllegalStateException("the pipeline was not opened", e);
        }
    }

    final String name() {
        return shared.split().slot();
    }

    final ConnectorConfig.Timing timing() {
        return shared.config().timing();
    }

    private static Duration left(long deadline) {
        return Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
    }
}
