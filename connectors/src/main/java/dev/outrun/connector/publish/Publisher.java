package dev.outrun.connector.publish;

import dev.outrun.connector.source.Change;
import dev.outrun.connector.source.ChangeConsumer;
import dev.outrun.connector.source.Lsn;
import dev.outrun.connector.source.SlotState;
import dev.outrun.connector.source.WalPlace;
import dev.outrun.connector.topic.KafkaAddress;
import dev.outrun.connector.topic.RunTopics;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventSlicer;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.RecordHeaders;
import dev.outrun.schema.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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

    private final long system;
    private final Topics topics;
    private final WalCursor cursor;
    private final Lsn writtenAtStart;
    private final LiveLane live;
    private final List<RunLane> runLanes;
    private final Progress progress;
    private final Bursts<Admitted> intake;
    private final long checkpointEvery;
    private long lastCheckpoint = System.nanoTime();
    private volatile long lastChange; // 0 behind a barrier

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

    /**
     * A change that has not been published before.
     *
     * @param boundary where it is the first one behind this boundary, hence opens a transaction
     */
    private record Admitted(Change change, @Nullable Lsn boundary) {

        int bytes() {
            return change instanceof Change.Appended append ? append.events().length : 0;
        }
    }

    /**
     * Opens the lanes.
     *
     * @param slot read before the source began
     * @param position the last checkpoint's
     * @param tail the firehose behind that checkpoint, read after the source began: whoever
     *     published before us has lost the slot by then
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
                        Admitted::bytes,
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

    /**
     * Whether changes have been waiting this long for their checkpoint, which only comes with the
     * next transaction: a barrier would be one. Any thread.
     */
    public boolean isIdleFor(Duration time) {
        long last = lastChange;
        return last != 0 && System.nanoTime() - last >= time.toNanos();
    }

    @Override
    public void accept(Change change) throws InterruptedException {
        WalPlace place = change.place();
        if (!cursor.admits(place)) {
            return;
        }
        intake.put(new Admitted(change, cursor.opensTransaction(place) ? place.after() : null));
        cursor.take(place);
        lastChange = change instanceof Change.Barrier ? 0 : System.nanoTime() | 1;
    }

    private void publish(List<Admitted> burst) throws InterruptedException {
        for (Admitted one : burst) {
            try {
                switch (one.change()) {
                    case Change.Appended append -> publish(append, one.boundary());
                    case Change.Barrier barrier -> pass(barrier, one.boundary());
                }
            } catch (InterruptException e) {
                throw e;
            } catch (RuntimeException e) {
                // Perhaps half of it was sent: nothing may follow.
                throw new IllegalStateException(describe(one.change()), e);
            }
        }
    }

    private static String describe(Change change) {
        return switch (change) {
            case Change.Appended append ->
                    "run=%s seq=%d position=%s"
                            .formatted(append.run(), append.firstSeq(), append.place().at());
            case Change.Barrier barrier -> "barrier position=" + barrier.place().at();
        };
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
        List<ProducerRecord<byte[], byte[]>> records = records(append);
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

    private List<ProducerRecord<byte[], byte[]>> records(Change.Appended append) {
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        byte[] key = append.run().toString().getBytes(StandardCharsets.UTF_8);
        // A broker refuses times far ahead of its own clock; the event's own time is in a header.
        long time = Math.min(append.appendedAt().toEpochMilli(), System.currentTimeMillis());
        EventSlicer slicer = new EventSlicer(append.events());
        for (long seq = append.firstSeq(); slicer.next(); seq++) {
            Event event =
                    new Event(
                            append.run(),
                            seq,
                            slicer.type(),
                            append.attempt(),
                            append.appendedAt(),
                            slicer.data());
            records.add(record(append.shard(), time, key, event, append.trace()));
        }
        return records;
    }

    private ProducerRecord<byte[], byte[]> record(
            int shard, long time, byte[] key, Event event, @Nullable String trace) {
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(live.topic(), shard, time, key, event.data());
        RecordHeaders.write(record.headers(), event, trace);
        return record;
    }

    private RunLane lane(RunId run) {
        return runLanes.get(Math.floorMod(run.hashCode(), runLanes.size()));
    }
}
