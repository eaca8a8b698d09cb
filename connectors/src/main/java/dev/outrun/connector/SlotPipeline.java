package dev.outrun.connector;

import dev.outrun.connector.publish.Checkpoint;
import dev.outrun.connector.publish.FirehoseTail;
import dev.outrun.connector.publish.Publisher;
import dev.outrun.connector.source.DebeziumSource;
import dev.outrun.connector.source.FreshSlot;
import dev.outrun.connector.source.Lsn;
import dev.outrun.connector.source.SlotState;
import dev.outrun.schema.run.RunId;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fed through a replication slot: each of its sources is a connection of the slot's. It is lost
 * when the slot cannot deliver any more what the topics lack; then the next one makes it anew.
 */
final class SlotPipeline extends Pipeline {

    private static final Logger LOG = LoggerFactory.getLogger(SlotPipeline.class);

    /** Between two looks whether a source reads already. */
    private static final Duration LOOK_AGAIN = Duration.ofMillis(10);

    /** For the server to notice that a lost connection's reader is gone. */
    private static final Duration READER_GONE = Duration.ofSeconds(5);

    private volatile int reader;

    SlotPipeline(Shared shared) {
        super(shared);
    }

    @Override
    void open(Duration limit)
            throws SQLException, InterruptedException, ExecutionException, TimeoutException {
        SlotState found = shared.slot().awaitFree(limit);
        // In this order: what the slot has been moved past is in a checkpoint already.
        Map<String, Checkpoint> checkpoints = checkpoints(limit);
        Checkpoint last = checkpoints.get(name());
        if (found != null) {
            checkAll(checkpoints.values(), found);
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

    @Override
    void resume()
            throws SQLException,
                    InterruptedException,
                    ExecutionException,
                    TimeoutException,
                    PipelineLostException {
        super.closeSource(timing().closeLimit()); // one that has never begun to read
        SlotState state = shared.slot().awaitFree(READER_GONE);
        if (state == null || state.lost()) {
            throw new PipelineLostException(lacking(state, progress.reached()));
        }
        if (state.timeline() != progress.reached().timeline()) {
            throw new PipelineLostException("the database was failed over");
        }
        CompletableFuture<Void> placed = new CompletableFuture<>();
        SlotState begun = begin(state, placed, timing().startLimit());
        try {
            publisher.join().resume(begun.confirmed());
        } catch (IllegalStateException e) {
            throw new PipelineLostException(e.getMessage());
        }
        placed.complete(null);
        LOG.info("stream resumed slot={} confirmed={}", name(), begun.confirmed());
    }

    @Override
    void closeSource(Duration limit) {
        super.closeSource(limit);
        if (reader != 0) {
            try {
                shared.slot().awaitEnd(reader);
            } catch (SQLException e) {
                LOG.debug("cannot look after the slot's reader slot={}", name(), e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void checkAll(Collection<Checkpoint> checkpoints, SlotState state) throws SQLException {
        for (Checkpoint one : checkpoints) {
            check(one, state);
            if (one.timeline() != state.timeline()) {
                checkFailover(one, state);
            }
        }
    }

    /** A standby that was promoted has to have what was published; its positions do not tell. */
    private void checkFailover(Checkpoint last, SlotState state) throws SQLException {
        Lsn end = shared.slot().endOf(last.timeline(), state.timeline());
        if (end == null || end.isBefore(last.lsn())) {
            throw new IllegalStateException(
                    "the database lacks what was published: the checkpoint is at %s of timeline %d, which it has up to %s"
                            .formatted(last.position(), last.timeline(), end));
        }
        LOG.warn(
                "the database was failed over slot={} timeline={} was={} ended={} checkpoint={}",
                name(),
                state.timeline(),
                last.timeline(),
                end,
                last.position());
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

    /** Goes on where the checkpoint is. */
    private void stream(SlotState found, Checkpoint last, List<RunId> resolved, Duration limit)
            throws SQLException, InterruptedException, ExecutionException, TimeoutException {
        if (slotSettings().failover()) {
            shared.slot().enableFailover(limit);
        }
        SlotState state = begin(found, publisher, limit);
        FirehoseTail tail = tail(last.firehose(), limit);
        progress.begin(last);
        Publisher opened = publisher(state, last.lsn(), tail);
        resolve(resolved, opened);
        letIn(opened, shared.slot()::barrier);
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
     * <p>The new slot comes with a snapshot of its place: what it sees, less what watermarks cover,
     * is read from the table, and the stream has all else.
     */
    private void refill(
            String reason, Collection<Checkpoint> checkpoints, List<RunId> resolved, Duration limit)
            throws SQLException, InterruptedException, ExecutionException, TimeoutException {
        LOG.info(
                "making the slot, when all that is being written has ended slot={} reason=\"{}\"",
                name(),
                reason);
        try (FreshSlot fresh = shared.slot().recreate(slotSettings().failover(), limit)) {
            SlotState state = Objects.requireNonNull(shared.slot().awaitFree(limit));
            checkAll(checkpoints, state);
            SlotState begun = begin(state, publisher, limit);
            Publisher opened =
                    refilled(reason, begun, fresh.snapshot(), checkpoints, resolved, limit);
            letIn(opened, shared.slot()::barrier);
        }
    }

    private ConnectorConfig.SlotSettings slotSettings() {
        return shared.config().slotSettings();
    }

    private void dropOtherSlots() {
        try {
            shared.slot().dropOthers();
        } catch (SQLException e) {
            LOG.warn("slots of another split stay behind until the next start slot={}", name(), e);
        }
    }

    /**
     * Starts a source, and waits until it reads from the slot.
     *
     * <p>Where its stream begins is known from then on only: a server that crashes while nobody
     * reads falls back to a position that it has on disk, behind the back of whoever has looked
     * before. With the reader there is a connection, which no crash outlives; and it does not move
     * the slot before it has had a change.
     *
     * @param found how the slot was before
     * @param ready what its changes wait for: nobody can have taken one while this goes on
     * @return how the slot is; as it was found, where the source has ended already
     */
    private SlotState begin(SlotState found, CompletableFuture<?> ready, Duration limit)
            throws SQLException, InterruptedException, ExecutionException, TimeoutException {
        long deadline = System.nanoTime() + limit.toNanos();
        CompletableFuture<Void> streaming =
                start(new DebeziumSource(shared.config().postgres(), shared.split()), ready);
        while ((reader = shared.slot().reader()) == 0) {
            if (System.nanoTime() - deadline > 0) {
                throw new TimeoutException("the slot has no reader yet");
            }
            try {
                streaming.get(LOOK_AGAIN.toNanos(), TimeUnit.NANOSECONDS);
                return found; // it was closed
            } catch (TimeoutException e) {
                // Still starting.
            }
        }
        SlotState begun = shared.slot().readBy(reader);
        if (begun.system() != found.system() || begun.timeline() != found.timeline()) {
            throw new SQLException("the server was replaced while a source was starting");
        }
        return begun;
    }
}
