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
import dev.outrun.connector.publish.Suspects;
import dev.outrun.connector.source.Change;
import dev.outrun.connector.source.ChangeSource;
import dev.outrun.connector.source.Coverage;
import dev.outrun.connector.source.DebeziumSource;
import dev.outrun.connector.source.FreshSlot;
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
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One publisher and its sources, one after the other: each is a connection of the slot's. It lasts
 * until it is closed, or the slot cannot deliver any more what the topics lack.
 */
final class Pipeline {

    private static final Logger LOG = LoggerFactory.getLogger(Pipeline.class);

    /** Between two looks whether a source reads already. */
    private static final Duration LOOK_AGAIN = Duration.ofMillis(10);

    /** For the server to notice that a lost connection's reader is gone. */
    private static final Duration READER_GONE = Duration.ofSeconds(5);

    private final Shared shared;
    private final Progress progress;
    private final CompletableFuture<Publisher> publisher = new CompletableFuture<>();
    private final CompletableFuture<Barriers> barriers = new CompletableFuture<>();
    private volatile @Nullable ChangeSource source;
    private final CompletableFuture<Void> broken = new CompletableFuture<>();
    private volatile CompletableFuture<Void> ended = new CompletableFuture<>();
    private volatile int reader;

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
            Gate gate,
            Lease lease,
            Halt halt) {}

    private Pipeline(Shared shared) {
        this.shared = shared;
        this.progress = new Progress(shared.checkpoints()::write);
    }

    /**
     * Opens one; returns when the slot is streaming. Where the slot cannot deliver all that the
     * topics lack, it is made anew, and they are refilled from the table first.
     *
     * @throws IllegalStateException where slot, checkpoint and topics do not belong together
     */
    static Pipeline open(Shared shared)
            throws SQLException, InterruptedException, ExecutionException, TimeoutException {
        Pipeline pipeline = new Pipeline(shared);
        boolean open = false;
        try {
            pipeline.open();
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

    /**
     * Goes on with another source, after the last one has ended.
     *
     * @throws PipelineLostException if that is not possible: another pipeline is needed
     */
    void resume()
            throws SQLException,
                    InterruptedException,
                    ExecutionException,
                    TimeoutException,
                    PipelineLostException {
        ChangeSource lost = source;
        if (lost != null) {
            lost.close(timing().closeLimit()); // one that has never begun to read
        }
        SlotState state = shared.slot().awaitFree(READER_GONE);
        if (state == null || state.lost()) {
            throw new PipelineLostException(lacking(state, progress.reached()));
        }
        try {
            publisher.join().resume(state.confirmed());
        } catch (IllegalStateException e) {
            throw new PipelineLostException(e.getMessage());
        }
        begin(timing().startLimit());
        LOG.info("stream resumed slot={} confirmed={}", name(), state.confirmed());
    }

    /** Ends the source: no change comes after this, if it ends within the limit. */
    void closeSource(Duration limit) {
        ChangeSource streaming = source;
        if (streaming == null) {
            return;
        }
        streaming.close(limit);
        if (reader != 0) {
            try {
                shared.slot().endReader(reader);
            } catch (SQLException e) {
                LOG.debug("cannot look after the slot's reader slot={}", name(), e);
            }
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

    private void open()
            throws SQLException, InterruptedException, ExecutionException, TimeoutException {
        Duration limit = timing().startLimit();
        shared.checkpoints().begin(shared.lease().epoch());
        SlotState found = shared.slot().awaitFree(limit);
        // In this order: what the slot has been moved past is in a checkpoint already.
        Map<String, Checkpoint> checkpoints = checkpoints(limit);
        Checkpoint last = checkpoints.get(name());
        if (found != null) {
            checkpoints.values().forEach(one -> check(one, found));
        }
        List<RunId> resolved = shared.deadLetters().load();
        String lacking = lacking(found, last);
        if (found == null || last == null || lacking != null) {
            refill(String.valueOf(lacking), checkpoints.values(), resolved, limit);
        } else {
            stream(found, last, resolved, limit);
        }
        dropOtherSlots();
    }

    /** The last ones of those that have published what is ours, by slot. */
    private Map<String, Checkpoint> checkpoints(Duration limit) {
        Map<String, Checkpoint> all =
                Checkpoints.read(
                        shared.config().kafka(), shared.config().topics().checkpoints(), limit);
        all.keySet().removeIf(slot -> !shared.split().mayOverlap(slot));
        return all;
    }

    private void dropOtherSlots() {
        try {
            shared.slot().dropOthers();
        } catch (SQLException e) {
            LOG.warn("slots of another split stay behind until the next start slot={}", name(), e);
        }
    }

    /** Why the slot cannot deliver all that the topics lack; null if it can. */
    private static @Nullable String lacking(@Nullable SlotState found, @Nullable Checkpoint last) {
        if (last == null) {
            return "nothing has been published";
        } else if (found == null) {
            return "the slot is gone";
        } else if (found.lost()) {
            return "the slot has lost its log";
        } else if (last.lsn().isBefore(found.confirmed())) {
            return "the slot is past the checkpoint";
        }
        return null;
    }

    private static void check(Checkpoint last, SlotState state) {
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

    /** Goes on where the checkpoint is. */
    private void stream(SlotState state, Checkpoint last, List<RunId> resolved, Duration limit)
            throws SQLException, InterruptedException, ExecutionException, TimeoutException {
        begin(limit);
        FirehoseTail tail = tail(last.firehose(), limit);
        progress.begin(last);
        Publisher opened = publisher(state, last.lsn(), tail);
        resolve(resolved, opened);
        letIn(opened);
        LOG.info(
                "streaming slot={} confirmed={} checkpoint={} tail_runs={}",
                name(),
                state.confirmed(),
                last.position(),
                tail.lastSeqs().size());
    }

    /**
     * Publishes from the table what no topic has, then streams from a new slot.
     *
     * <p>The new slot comes with a snapshot of its place: what it sees, less what the watermark
     * covers, is read from the table, and the stream has all else.
     */
    private void refill(
            String reason, Collection<Checkpoint> checkpoints, List<RunId> resolved, Duration limit)
            throws SQLException, InterruptedException, ExecutionException, TimeoutException {
        try (FreshSlot fresh = shared.slot().recreate(limit)) {
            SlotState state = Objects.requireNonNull(shared.slot().awaitFree(limit));
            checkpoints.forEach(one -> check(one, state));
            // Without a checkpoint Kafka may be another one than the watermarks speak of.
            List<Coverage> covered =
                    checkpoints.isEmpty()
                            ? List.of(Coverage.none(shared.split()))
                            : shared.watermarks().read();
            begin(limit);
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
                long appends = shared.outbox().read(fresh.snapshot(), covered, opened::refill);
                resolve(resolved, opened);
                opened.endRefill();
                refilled = true;
                LOG.info("streaming slot={} refilled_appends={}", name(), appends);
            } finally {
                if (!refilled) {
                    opened.close(timing().closeLimit());
                }
            }
            letIn(opened);
        }
    }

    /** What was resolved while no connector listened. */
    private static void resolve(List<RunId> runs, Publisher opened) throws InterruptedException {
        for (RunId run : runs) {
            opened.resolve(run);
        }
    }

    /** Before the refill's own checkpoint there is none; its offsets are still a lower bound. */
    private static Checkpoint beginning(
            SlotState state, @Nullable List<Long> from, FirehoseTail tail) {
        Checkpoint empty =
                Checkpoint.of(state.system(), state.confirmed(), new long[tail.ends().length]);
        return from == null ? empty : new Checkpoint(empty.system(), empty.position(), from);
    }

    /** The firehose behind these offsets. Read once the slot is ours: nobody else writes to it. */
    private FirehoseTail tail(@Nullable List<Long> from, Duration limit) {
        return FirehoseTail.read(
                shared.config().kafka(),
                shared.config().topics().events(),
                shared.split(),
                from,
                limit);
    }

    private Publisher publisher(SlotState state, Lsn position, FirehoseTail tail) {
        return Publisher.open(
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

    private void letIn(Publisher opened) {
        barriers.complete(
                new Barriers(
                        shared.slot(),
                        shared.watermarks(),
                        progress,
                        opened,
                        timing().heartbeatEvery()));
        publisher.complete(opened);
    }

    /** Starts a source and waits until it reads from the slot. */
    private void begin(Duration limit)
            throws SQLException, InterruptedException, ExecutionException, TimeoutException {
        long deadline = System.nanoTime() + limit.toNanos();
        ChangeSource next = new DebeziumSource(shared.config().postgres(), shared.split());
        source = next;
        CompletableFuture<Void> streaming = next.start(this::accept);
        ended = streaming;
        while ((reader = shared.slot().reader()) == 0) {
            if (System.nanoTime() - deadline > 0) {
                throw new TimeoutException("the slot has no reader yet");
            }
            try {
                streaming.get(LOOK_AGAIN.toNanos(), TimeUnit.NANOSECONDS);
                return; // it was closed
            } catch (TimeoutException e) {
                // Still starting.
            }
        }
    }

    private void accept(Change change) throws InterruptedException {
        try {
            publisher.get().accept(change);
        } catch (ExecutionException e) {
            throw new IllegalStateException("the pipeline was not opened", e);
        }
    }

    private String name() {
        return shared.split().slot();
    }

    private ConnectorConfig.Timing timing() {
        return shared.config().timing();
    }

    private static Duration left(long deadline) {
        return Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
    }
}
