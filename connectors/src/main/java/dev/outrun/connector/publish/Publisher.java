package dev.outrun.connector.publish;

import dev.outrun.connector.source.Change;
import dev.outrun.connector.source.ChangeConsumer;
import dev.outrun.connector.source.Lsn;
import dev.outrun.connector.source.Outbox;
import dev.outrun.connector.source.SlotState;
import dev.outrun.connector.source.Split;
import dev.outrun.connector.source.WalPlace;
import dev.outrun.connector.topic.RunTopics;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns changes into records: every event once into the firehose, and once into its run's topic at
 * offset = seq. What it has published when, and what it leaves out, is told in {@link WalCursor}.
 *
 * <p>Changes come from one thread at a time, and are published by another, so that whoever decodes
 * them does nothing else. It outlives the sources it is fed by.
 */
public final class Publisher implements ChangeConsumer {

    private static final Logger LOG = LoggerFactory.getLogger(Publisher.class);

    /** Longer than brokers take that are well. */
    private static final Duration STALLED = Duration.ofSeconds(2);

    private final long system;
    private final Split split;
    private final int timeline;
    private final WalCursor cursor;
    private final Lsn writtenAtStart;
    private final LiveLane live;
    private final RunLanes runs;
    private final Outbox outbox;
    private final DeadLetters deadLetters;
    private final PublisherMetrics metrics;
    private final CommitClock commits = new CommitClock(InstantSource.system());
    private final Progress progress;
    private final Gate gate;
    private final Right right;
    private final Bursts<Item> intake;
    private final long checkpointEvery;
    private long lastCheckpoint = System.nanoTime();
    private final AtomicLong taken = new AtomicLong();

    /** Settings of both lanes. */
    public record Settings(
            Split split,
            Duration rest,
            int runProducers,
            int producerTopics,
            Duration runRest,
            int knownRuns,
            int queueAppends,
            int queueBytes,
            Duration checkpointEvery) {

        Bursts.Limits limits() {
            return new Bursts.Limits(queueAppends, queueBytes);
        }
    }

    /** What the publisher's thread takes. */
    private sealed interface Item {

        /** Not published before; with the boundary it is the first one behind, if it is. */
        record Streamed(Change change, @Nullable Lsn boundary) implements Item {}

        /** Read from the tables. */
        record Refilled(Change row) implements Item {}

        /** Its cause of halting was mended while nobody listened. */
        record Resolved(RunId run) implements Item {}

        /** With it, all that committed before the boundary has been taken. */
        record RefillEnd(Lsn boundary) implements Item {}

        default int bytes() {
            return switch (this) {
                case Streamed(Change change, var _) -> change.bytes();
                case Refilled(Change row) -> row.bytes();
                case Resolved _, RefillEnd _ -> 0;
            };
        }
    }

    /**
     * Opens the lanes.
     *
     * @param slot read when the source had begun
     * @param position the last checkpoint's
     * @param tail the firehose behind that checkpoint, read after the source began: whoever
     *     published before us has lost the slot by then
     * @param outbox for what a run's topic turns out to lack
     * @param gate passed before every append
     * @param right while we have not got it, nothing is sent and no topic touched
     * @param suspects learns which topics a predecessor may still write to
     * @param metrics outlives publishers
     * @param breakage hears when another publisher is needed
     * @throws IllegalStateException if the slot is past the checkpoint
     */
    public Publisher(
            KafkaAddress kafka,
            Topics topics,
            Settings settings,
            SlotState slot,
            Lsn position,
            FirehoseTail tail,
            RunTopics runTopics,
            Outbox outbox,
            DeadLetters deadLetters,
            Suspects suspects,
            PublisherMetrics metrics,
            Progress progress,
            Gate gate,
            Right right,
            Breakage breakage,
            Halt halt) {
        this.system = slot.system();
        this.timeline = slot.timeline();
        this.writtenAtStart = slot.written();
        this.split = settings.split();
        this.cursor = new WalCursor(position, slot.confirmed());
        this.outbox = outbox;
        this.deadLetters = deadLetters;
        this.metrics = metrics;
        this.progress = progress;
        this.gate = gate;
        this.right = right;
        this.checkpointEvery = settings.checkpointEvery().toNanos();
        this.live =
                new LiveLane(
                        Producers.live(kafka, "outrun-live-" + split.slot()),
                        topics.events(),
                        tail,
                        settings.knownRuns(),
                        metrics.live(),
                        breakage,
                        halt);
        this.runs =
                new RunLanes(
                        kafka,
                        topics,
                        settings,
                        runTopics,
                        outbox,
                        deadLetters,
                        suspects,
                        metrics,
                        right,
                        halt);
        this.intake =
                new Bursts<>(
                        "outrun-publisher-" + split.slot(),
                        settings.limits(),
                        settings::rest,
                        Item::bytes,
                        this::publish,
                        e -> halt.because("a change cannot be published: " + e.getMessage(), e));
    }

    /**
     * Another source is about to begin. Called while none is running.
     *
     * @throws IllegalStateException if the slot is past what has been published
     */
    public void resume(Lsn streamBeginsAt) {
        cursor.begin(streamBeginsAt);
    }

    /** Appends, and repairs, taken so far. Any thread. */
    public long taken() {
        return taken.get();
    }

    @Override
    public void accept(Change change) throws InterruptedException {
        WalPlace place = change.place();
        if (!cursor.admits(place)) {
            metrics.repeated();
            return;
        }
        intake.put(
                new Item.Streamed(change, cursor.opensTransaction(place) ? place.after() : null));
        cursor.take(place);
        if (change instanceof Change.Appended || change instanceof Change.Repair) {
            taken.incrementAndGet();
        }
    }

    /**
     * Takes a row, or a repair, that no stream delivers. A run's rows come in seq order, all before
     * the first change of a stream; what has been published of them is left out.
     */
    public void refill(Change row) throws InterruptedException {
        intake.put(new Item.Refilled(row));
    }

    /** Publishes what a run lacks that was halted, before the first change of a stream. */
    public void resolve(RunId run) throws InterruptedException {
        intake.put(new Item.Resolved(run));
    }

    /** Says that all that committed before the stream begins has been refilled. */
    public void endRefill() throws InterruptedException {
        intake.put(new Item.RefillEnd(cursor.boundary()));
    }

    private void publish(List<Item> burst) throws InterruptedException {
        right.await();
        metrics.live().burst(burst.size());
        commits.align();
        for (Item item : burst) {
            try {
                switch (item) {
                    case Item.Streamed(Change change, Lsn boundary) -> publish(change, boundary);
                    case Item.Refilled(Change.Repair repair) -> repair(repair);
                    case Item.Refilled(Change row) -> {
                        metrics.refilled();
                        publishRow(row);
                    }
                    case Item.Resolved(RunId run) -> publishAgain(run);
                    case Item.RefillEnd(Lsn boundary) -> endRefill(boundary);
                }
            } catch (InterruptException e) {
                throw e;
            } catch (RuntimeException | ExecutionException e) {
                // Perhaps half of it was sent: nothing may follow.
                throw new IllegalStateException(describe(item), e);
            }
        }
    }

    private static String describe(Item item) {
        return switch (item) {
            case Item.Streamed(Change change, var _) -> change.describe();
            case Item.Refilled(Change row) -> row.describe();
            case Item.Resolved(RunId run) -> "resolved run=" + run;
            case Item.RefillEnd(var boundary) -> "end of the refill position=" + boundary;
        };
    }

    private void endRefill(Lsn boundary) {
        live.leaveTail();
        progress.next(checkpoint(boundary), null);
    }

    /**
     * Called now and then: where something has been unacknowledged for long, looks whether topics
     * are gone; while a predecessor may be awake, looks after its topics.
     */
    public void tick() {
        runs.checkIfDue();
        if (progress.oldestUnacknowledged().compareTo(STALLED) > 0) {
            runs.lookAfterTopics();
        }
    }

    /** Sends nothing more. Never blocks. */
    public void halt() {
        intake.close();
        runs.halt();
    }

    /** Waits for what is in flight, up to the limit, and closes the lanes. */
    public void close(Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        intake.close();
        Thread closing = Thread.ofVirtual().start(() -> runs.close(limit));
        live.close(limit);
        try {
            closing.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The checkpoint at the boundary just passed, if its firehose offsets are known. */
    private @Nullable Checkpoint checkpoint(Lsn boundary) {
        return live.isBehindTail()
                ? Checkpoint.of(system, timeline, boundary, live.nextOffsets())
                : null;
    }

    private void publish(Change change, @Nullable Lsn boundary)
            throws InterruptedException, ExecutionException {
        if (writtenAtStart.isBefore(change.place().at())) {
            // It commits behind all that was there when our predecessor had ended.
            live.leaveTail();
        }
        if (change instanceof Change.Barrier barrier) {
            progress.next(boundary == null ? null : checkpoint(boundary), barrier.id());
            return;
        }
        long now = System.nanoTime();
        if (boundary != null && now - lastCheckpoint >= checkpointEvery) {
            progress.next(checkpoint(boundary), null);
            lastCheckpoint = now;
        }
        switch (change) {
            case Change.Resolved resolved -> {
                deadLetters.awaitVisible(resolved.run(), resolved.xid());
                publishAgain(resolved.run());
            }
            case Change.Strays strays -> check(strays);
            case Change.Repair repair -> repair(repair);
            default -> publishRow(change);
        }
    }

    /** Looks after the topics that a predecessor has perhaps written to; barriers wait for it. */
    private void check(Change.Strays strays) throws InterruptedException {
        if (!split.mayOverlap(strays.slot())) {
            return;
        }
        LOG.warn("a predecessor has woken up: its topics are checked slot={}", split.slot());
        runs.checkFromNowOn(progress.current());
    }

    /**
     * Makes right what is published of a run, from the table; barriers wait for it. Of a run that
     * is halted, as far as it was published.
     */
    private void repair(Change.Repair repair) throws InterruptedException, ExecutionException {
        RunId run = repair.run();
        List<Change.Appended> first = new ArrayList<>();
        outbox.read(
                run,
                () -> 0,
                1,
                row -> {
                    if (row instanceof Change.Appended append) {
                        first.add(append);
                    }
                });
        if (first.isEmpty()) {
            LOG.warn("a run is not repaired: the table lacks its beginning run={}", run);
            return;
        }
        if (!split.has(first.getFirst().shard())) {
            return;
        }
        long until = deadLetters.publishedUntil(run);
        publishLate(run, repair.from(), Math.min(repair.until(), until));
        if (first.getFirst().topicless()) {
            return;
        }
        boolean maybePublished = !writtenAtStart.isBefore(repair.place().at());
        runs.repair(run, first.getFirst().tenant(), until, maybePublished, progress.current());
    }

    /** Appends to the firehose what it lacks of a run, behind all that is there. */
    private void publishLate(RunId run, long from, long until)
            throws InterruptedException, ExecutionException {
        if (from >= until) {
            return;
        }
        LOG.warn("publishing late in the firehose run={} from={} until={}", run, from, until);
        AtomicLong next = new AtomicLong(from);
        outbox.read(
                run,
                next::get,
                until,
                row -> {
                    if (row instanceof Change.Appended append) {
                        next.set(live.sendLate(append, next.get(), until, progress.current()));
                    }
                });
    }

    /** Goes on with a run that was halted, with what the table has of it by now. */
    private void publishAgain(RunId run) throws InterruptedException, ExecutionException {
        Long from = deadLetters.release(run);
        if (from == null) {
            return;
        }
        live.sent(run, from);
        outbox.read(run, () -> nextSeq(run), Long.MAX_VALUE, this::publishRow);
        live.flush(); // the run's topic says by itself what it lacks
        deadLetters.settle(run);
    }

    /** Leaves out what is another split's: a run's rows that were written by hand may be. */
    private void publishRow(Change row) throws InterruptedException, ExecutionException {
        switch (row) {
            case Change.Appended append -> {
                if (split.has(append.shard())) {
                    publish(append);
                }
            }
            case Change.Unreadable bad -> {
                if (split.has(bad.shard()) && !deadLetters.isHalted(bad.run())) {
                    halt(bad.run(), bad.firstSeq(), bad.events(), bad.reason());
                }
            }
            case Change.Resolved _, Change.Strays _, Change.Repair _, Change.Barrier _ ->
                    throw new IllegalStateException("not a row: " + row.describe());
        }
    }

    private void publish(Change.Appended append) throws InterruptedException, ExecutionException {
        if (deadLetters.isHalted(append.run()) || !isReached(append)) {
            return;
        }
        gate.pass();
        List<ProducerRecord<byte[], byte[]>> records;
        try {
            if (append.shard() < 0 || append.shard() >= live.partitions()) {
                throw new IllegalArgumentException(
                        "its shard is %d, the firehose has %d partitions"
                                .formatted(append.shard(), live.partitions()));
            }
            records = EventRecords.of(live.topic(), append);
        } catch (IllegalArgumentException e) {
            halt(append.run(), append.firstSeq(), append.events(), String.valueOf(e.getMessage()));
            return;
        }
        send(append, records);
        String barrier = gate.passed();
        if (barrier != null) {
            progress.next(null, barrier);
        }
    }

    /** Publishes what is missing before this append; false if that is not to be found. */
    private boolean isReached(Change.Appended append)
            throws InterruptedException, ExecutionException {
        RunId run = append.run();
        Long next = live.nextSeq(run);
        if (next == null || append.firstSeq() <= next) {
            return true;
        }
        LOG.warn("filling a hole run={} from={} until={}", run, next, append.firstSeq());
        outbox.read(run, () -> nextSeq(run), append.firstSeq(), this::publishRow);
        long reached = nextSeq(run);
        metrics.live().repaired(reached - next);
        if (reached < append.firstSeq() && !deadLetters.isHalted(run)) {
            halt(
                    run,
                    append.firstSeq(),
                    append.events(),
                    "the table lacks what is before it: expected=%d found=%d"
                            .formatted(reached, append.firstSeq()));
        }
        return !deadLetters.isHalted(run);
    }

    private void halt(RunId run, long bad, byte[] events, String reason)
            throws InterruptedException {
        Long next = live.nextSeq(run);
        deadLetters.halt(run, next == null ? bad : next, bad, events, reason);
    }

    private long nextSeq(RunId run) {
        Long next = live.nextSeq(run);
        return next == null ? 0 : next;
    }

    private void send(Change.Appended append, List<ProducerRecord<byte[], byte[]>> records)
            throws InterruptedException {
        RunId run = append.run();
        long next = nextSeq(run);
        Stretch stretch = progress.current();
        stretch.sending((append.topicless() ? 1 : 2) * records.size(), System.nanoTime());
        long committedAt = commits.nanos(append.place());
        long seq = append.firstSeq();
        int bytes = 0;
        for (ProducerRecord<byte[], byte[]> record : records) {
            bytes += record.value().length;
            if (seq < next) {
                live.skip(stretch);
            } else {
                live.send(stretch, run, seq, record, committedAt);
            }
            seq++;
        }
        live.sent(run, Math.max(seq, next));
        if (append.topicless()) {
            return;
        }
        boolean maybePublished = !writtenAtStart.isBefore(append.place().at());
        runs.put(append, records, bytes, maybePublished, committedAt, stretch);
    }
}
