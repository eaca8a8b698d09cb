package dev.outrun.connector.publish;

import dev.outrun.connector.source.Change;
import dev.outrun.connector.source.ChangeConsumer;
import dev.outrun.connector.source.Lsn;
import dev.outrun.connector.source.Outbox;
import dev.outrun.connector.source.SlotState;
import dev.outrun.connector.source.WalPlace;
import dev.outrun.connector.topic.KafkaAddress;
import dev.outrun.connector.topic.RunTopics;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;

/**
 * Turns changes into records: every event once into the firehose, and once into its run's topic at
 * offset = seq. What it has published when, and what it leaves out, is told in {@link WalCursor}.
 *
 * <p>Changes come from one thread at a time, and are published by another, so that whoever decodes
 * them does nothing else. It outlives the sources it is fed by.
 */
public final class Publisher implements ChangeConsumer {

    /** Longer than brokers take that are well. */
    private static final Duration STALLED = Duration.ofSeconds(2);

    private final long system;
    private final Topics topics;
    private final WalCursor cursor;
    private final Lsn writtenAtStart;
    private final LiveLane live;
    private final List<RunLane> runLanes;
    private final Progress progress;
    private final Bursts<Item> intake;
    private final long checkpointEvery;
    private long lastCheckpoint = System.nanoTime();
    private final AtomicLong taken = new AtomicLong();

    /** Settings of both lanes. */
    public record Settings(
            String name,
            Duration rest,
            int runProducers,
            int producerTopics,
            Duration runRest,
            int knownRuns,
            int queueAppends,
            int queueBytes,
            Duration checkpointEvery) {

        private Bursts.Limits intake() {
            return new Bursts.Limits(queueAppends, queueBytes, rest);
        }

        private Bursts.Limits runs() {
            return new Bursts.Limits(queueAppends, queueBytes, runRest);
        }
    }

    /** What the publisher's thread takes. */
    private sealed interface Item {

        /** Not published before; with the boundary it is the first one behind, if it is. */
        record Streamed(Change change, @Nullable Lsn boundary) implements Item {}

        /** Read from the table. */
        record Refilled(Change.Appended append) implements Item {}

        /** With it, all that committed before the boundary has been taken. */
        record RefillEnd(Lsn boundary) implements Item {}

        default int bytes() {
            return switch (this) {
                case Streamed(Change.Appended append, var _) -> append.events().length;
                case Refilled(var append) -> append.events().length;
                case Streamed(Change.Barrier _, var _), RefillEnd _ -> 0;
            };
        }
    }

    /**
     * Opens the lanes.
     *
     * @param slot read before the source began
     * @param position the last checkpoint's
     * @param tail the firehose behind that checkpoint, read after the source began: whoever
     *     published before us has lost the slot by then
     * @param outbox for what a run's topic turns out to lack
     * @throws IllegalStateException if the slot is past the checkpoint
     */
    public static Publisher open(
            KafkaAddress kafka,
            Topics topics,
            Settings settings,
            SlotState slot,
            Lsn position,
            FirehoseTail tail,
            RunTopics runTopics,
            Outbox outbox,
            Progress progress,
            Halt halt) {
        WalCursor cursor = new WalCursor(position, slot.confirmed());
        LiveLane live =
                new LiveLane(
                        Producers.live(kafka, "outrun-live-" + settings.name()),
                        topics.events(),
                        tail,
                        halt);
        List<RunLane> lanes = new ArrayList<>();
        for (int i = 0; i < settings.runProducers(); i++) {
            String name = "outrun-runs-" + settings.name() + "-" + i;
            lanes.add(
                    new RunLane(
                            name,
                            () -> Producers.runs(kafka, name),
                            settings.producerTopics(),
                            runTopics,
                            outbox,
                            settings.knownRuns() / settings.runProducers(),
                            settings.runs(),
                            halt));
        }
        return new Publisher(slot, topics, cursor, live, lanes, progress, settings, halt);
    }

    private Publisher(
            SlotState slot,
            Topics topics,
            WalCursor cursor,
            LiveLane live,
            List<RunLane> runLanes,
            Progress progress,
            Settings settings,
            Halt halt) {
        this.system = slot.system();
        this.writtenAtStart = slot.written();
        this.topics = topics;
        this.cursor = cursor;
        this.live = live;
        this.runLanes = List.copyOf(runLanes);
        this.progress = progress;
        this.checkpointEvery = settings.checkpointEvery().toNanos();
        this.intake =
                new Bursts<>(
                        "outrun-publisher-" + settings.name(),
                        settings.intake(),
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

    /** Appends taken so far. Any thread. */
    public long taken() {
        return taken.get();
    }

    @Override
    public void accept(Change change) throws InterruptedException {
        WalPlace place = change.place();
        if (!cursor.admits(place)) {
            return;
        }
        intake.put(
                new Item.Streamed(change, cursor.opensTransaction(place) ? place.after() : null));
        cursor.take(place);
        if (change instanceof Change.Appended) {
            taken.incrementAndGet();
        }
    }

    /**
     * Takes an append that no stream delivers. A run's appends come in seq order, all before the
     * first change of a stream; what has been published of them is left out.
     */
    public void refill(Change.Appended append) throws InterruptedException {
        intake.put(new Item.Refilled(append));
    }

    /** Says that all that committed before the stream begins has been refilled. */
    public void endRefill() throws InterruptedException {
        intake.put(new Item.RefillEnd(cursor.boundary()));
    }

    private void publish(List<Item> burst) throws InterruptedException {
        for (Item item : burst) {
            try {
                switch (item) {
                    case Item.Streamed(Change.Appended append, Lsn boundary) ->
                            publish(append, boundary);
                    case Item.Streamed(Change.Barrier barrier, Lsn boundary) ->
                            pass(barrier, boundary);
                    case Item.Refilled(var append) -> publish(append, null);
                    case Item.RefillEnd(var boundary) -> endRefill(boundary);
                }
            } catch (InterruptException e) {
                throw e;
            } catch (RuntimeException e) {
                // Perhaps half of it was sent: nothing may follow.
                throw new IllegalStateException(describe(item), e);
            }
        }
    }

    private static String describe(Item item) {
        return switch (item) {
            case Item.Streamed(Change.Appended append, var _) -> describe(append);
            case Item.Streamed(Change.Barrier barrier, var _) ->
                    "barrier position=" + barrier.place().at();
            case Item.Refilled(var append) -> describe(append);
            case Item.RefillEnd(var boundary) -> "end of the refill position=" + boundary;
        };
    }

    private static String describe(Change.Appended append) {
        return "run=%s seq=%d position=%s"
                .formatted(append.run(), append.firstSeq(), append.place().at());
    }

    private void endRefill(Lsn boundary) {
        live.leaveTail();
        progress.next(checkpoint(boundary), null);
    }

    /**
     * Called now and then: where something has been unacknowledged for long, looks whether topics
     * are gone.
     */
    public void tick() {
        if (progress.oldestUnacknowledged().compareTo(STALLED) > 0) {
            runLanes.forEach(RunLane::lookAfterTopics);
        }
    }

    /** Sends nothing more. Never blocks. */
    public void halt() {
        intake.close();
        runLanes.forEach(RunLane::halt);
    }

    /** Waits for what is in flight, up to the limit, and closes the lanes. */
    public void close(Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        intake.close();
        List<Thread> closing = new ArrayList<>();
        for (RunLane lane : runLanes) {
            closing.add(Thread.ofVirtual().start(() -> lane.close(limit)));
        }
        live.close(limit);
        try {
            for (Thread one : closing) {
                one.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The checkpoint at the boundary just passed, if its firehose offsets are known. */
    private @Nullable Checkpoint checkpoint(Lsn boundary) {
        return live.isBehindTail() ? Checkpoint.of(system, boundary, live.nextOffsets()) : null;
    }

    private void pass(Change.Barrier barrier, @Nullable Lsn boundary) {
        progress.next(boundary == null ? null : checkpoint(boundary), barrier.id());
    }

    private void publish(Change.Appended append, @Nullable Lsn boundary)
            throws InterruptedException {
        long now = System.nanoTime();
        if (boundary != null && now - lastCheckpoint >= checkpointEvery) {
            progress.next(checkpoint(boundary), null);
            lastCheckpoint = now;
        }
        if (append.shard() >= live.partitions()) {
            throw new IllegalStateException(
                    "run %s is in shard %d, the firehose has %d partitions"
                            .formatted(append.run(), append.shard(), live.partitions()));
        }
        List<ProducerRecord<byte[], byte[]>> records = EventRecords.of(live.topic(), append);
        Stretch stretch = progress.current();
        stretch.sending(2 * records.size(), now);
        long seq = append.firstSeq();
        int bytes = 0;
        for (ProducerRecord<byte[], byte[]> record : records) {
            bytes += record.value().length;
            live.send(stretch, append.run(), seq++, record);
        }
        lane(append.run())
                .put(
                        new RunAppend(
                                append.run(),
                                topics.run(append.tenant(), append.run()),
                                append.firstSeq(),
                                records,
                                !writtenAtStart.isBefore(append.place().at()),
                                bytes,
                                stretch));
    }

    private RunLane lane(RunId run) {
        return runLanes.get(Math.floorMod(run.hashCode(), runLanes.size()));
    }
}
