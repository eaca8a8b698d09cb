package dev.outrun.connector.publish;

import dev.outrun.connector.source.Change;
import dev.outrun.connector.source.Outbox;
import dev.outrun.connector.topic.RunTopics;
import dev.outrun.schema.run.RunId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The run topics' side of the publisher, for the runs hashed onto it: a queue with a thread, and
 * producers.
 *
 * <p>Slow as it may be when many topics have to be made, it holds nobody up until its queue is
 * full.
 *
 * <p>A topic that lacks events before the next one is filled from the table. One that holds what it
 * should not, or was deleted, is made anew and filled from its beginning: the same events have the
 * same offsets. A run of which the table lacks events is halted.
 */
final class RunLane implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RunLane.class);

    /** In a row, of one topic: somebody else writes to it. */
    private static final int REBUILDS_MAX = 5;

    /** Longer than brokers take that are well. */
    private static final Duration STALLED = Duration.ofSeconds(2);

    /** Until the end of what the table has. */
    private static final long ALL = Long.MAX_VALUE;

    private final RunTopics topics;
    private final Outbox outbox;
    private final ExpectedSeqs expected;
    private final RunProducers producers;
    private final RunWriter writer;
    private final Queue<ExpectedSeqs.Entry> broken = new ConcurrentLinkedQueue<>();
    private final Bursts<Item> bursts;
    private final DeadLetters deadLetters;
    private final PublisherMetrics metrics;
    private final Right right;
    private final Halt halt;

    /** What its thread takes. */
    sealed interface Item permits RunAppend, Check, Repair, Look {

        /** What it holds of the queue's room. */
        int bytes();
    }

    /**
     * Look whether these topics hold what they should not.
     *
     * @param counting counts it as one record; null where nobody waits for it
     */
    private record Check(Map<RunId, String> topics, @Nullable Stretch counting) implements Item {
        @Override
        public int bytes() {
            return 0;
        }
    }

    /**
     * Hold this topic against the table, record by record.
     *
     * @param until what the topic is to hold is before this seq
     * @param counting counts it as one record
     */
    private record Repair(RunId run, String topic, long until, Stretch counting) implements Item {
        @Override
        public int bytes() {
            return 0;
        }
    }

    private enum Look implements Item {
        /** Something is broken: nothing to do but what each burst begins with. */
        AT_BROKEN,
        /** Something is not acknowledged for long. */
        AT_TOPICS;

        @Override
        public int bytes() {
            return 0;
        }
    }

    /**
     * Starts its thread.
     *
     * @param limits of the queue; a burst's new topics are made together
     */
    RunLane(
            String name,
            RunProducers producers,
            RunTopics topics,
            Outbox outbox,
            int knownRuns,
            Bursts.Limits limits,
            DeadLetters deadLetters,
            PublisherMetrics metrics,
            Right right,
            Halt halt) {
        this.topics = topics;
        this.outbox = outbox;
        this.expected = new ExpectedSeqs(knownRuns);
        this.deadLetters = deadLetters;
        this.metrics = metrics;
        this.right = right;
        this.halt = halt;
        this.producers = producers;
        this.writer = new RunWriter(producers, topics, this::isBroken, metrics.run(), halt);
        this.bursts =
                new Bursts<>(name, limits, producers::rest, Item::bytes, this::take, this::failed);
    }

    /** Takes an append; blocks while the queue is full. Publisher's thread. */
    void put(RunAppend append) throws InterruptedException {
        bursts.put(append);
    }

    /**
     * Looks whether these runs' topics hold what they should not, and makes them right. Publisher's
     * thread.
     */
    void check(Map<RunId, String> runTopics, Stretch counting) throws InterruptedException {
        bursts.put(new Check(runTopics, counting));
    }

    /**
     * Holds a run's topic against the table, and makes it right where they differ. Publisher's
     * thread.
     *
     * @param until what the topic is to hold is before this seq
     */
    void repair(RunId run, String topic, long until, Stretch counting) throws InterruptedException {
        bursts.put(new Repair(run, topic, until, counting));
    }

    /** As {@link #check}, unless there is no room just now. Any thread; never blocks. */
    void checkSoon(Map<RunId, String> runTopics) {
        bursts.offer(new Check(runTopics, null));
    }

    /** Looks whether topics with records in flight are gone, and makes them again. Any thread. */
    void lookAfterTopics() {
        bursts.offer(Look.AT_TOPICS);
    }

    /** Sends nothing more. Never blocks. */
    void halt() {
        bursts.close();
    }

    /** Sends nothing more, and waits for what is in flight, up to the limit. */
    void close(Duration limit) {
        bursts.close();
        producers.close(limit);
    }

    @Override
    public void close() {
        close(Duration.ZERO);
    }

    private void isBroken(ExpectedSeqs.Entry entry) {
        broken.add(entry);
        bursts.offer(Look.AT_BROKEN);
    }

    private void take(List<Item> burst) throws InterruptedException, ExecutionException {
        right.await();
        metrics.run().burst(burst.size());
        if (burst.contains(Look.AT_TOPICS)) {
            makeMissing();
        }
        if (producers.isFull()) {
            flush();
            producers.next();
        }
        List<RunAppend> appends = new ArrayList<>(burst.size());
        for (Item item : burst) {
            if (item instanceof RunAppend append) {
                appends.add(append);
            }
        }
        learn(appends);
        rebuildBroken();
        for (Item item : burst) {
            switch (item) {
                case RunAppend append -> send(append);
                case Check check -> check(check);
                case Repair repair -> repair(repair);
                case Look _ -> {} // done above
            }
        }
    }

    private void failed(Exception e) {
        if (!producers.isClosed()) {
            halt.because("the run lane failed: " + e.getMessage(), e);
        }
    }

    /** Finds out what the topics of runs not known yet need next; makes topics that are missing. */
    private void learn(List<RunAppend> burst) throws InterruptedException, ExecutionException {
        Map<String, RunAppend> unseen = new HashMap<>();
        Set<String> asked = new HashSet<>();
        for (RunAppend append : burst) {
            if (expected.get(append.run()) == null
                    && unseen.putIfAbsent(append.topic(), append) == null
                    && (append.maybePublished() || append.firstSeq() > 0)) {
                asked.add(append.topic());
            }
        }
        if (unseen.isEmpty()) {
            return;
        }
        Map<String, Long> ends = topics.awaitPrepared(unseen.keySet(), asked);
        Set<String> unknown = producers.learn(unseen.keySet());
        while (!unknown.isEmpty()) {
            topics.awaitPrepared(unknown, Set.of());
            unknown = producers.learn(unknown);
        }
        Set<String> wrong = wrong(unseen, ends);
        for (RunAppend first : unseen.values()) {
            boolean isWrong = wrong.contains(first.topic());
            long next = isWrong ? first.firstSeq() : ends.getOrDefault(first.topic(), 0L);
            ExpectedSeqs.Entry entry = expected.put(first.run(), first.topic(), next);
            if (isWrong) {
                entry.breaks();
                broken.add(entry);
            }
        }
    }

    /** Topics that hold what they should not. */
    private Set<String> wrong(Map<String, RunAppend> unseen, Map<String, Long> ends)
            throws InterruptedException, ExecutionException {
        Set<String> wrong = new HashSet<>();
        Map<String, Long> written = new HashMap<>();
        for (RunAppend first : unseen.values()) {
            long end = ends.getOrDefault(first.topic(), 0L);
            if (first.maybePublished() && end > 0) {
                written.put(first.topic(), end);
            } else if (end > first.firstSeq()) {
                wrong.add(first.topic());
            }
        }
        if (!written.isEmpty()) {
            wrong.addAll(topics.wrong(written));
        }
        return wrong;
    }

    private void send(RunAppend append) throws InterruptedException, ExecutionException {
        ExpectedSeqs.Entry entry = expected.get(append.run());
        if (entry == null) {
            // More runs in one burst than the map holds: it has just fallen out, all acknowledged.
            throw new IllegalStateException("run-topics.known-runs is less than a burst's runs");
        }
        long seq = append.firstSeq();
        boolean reachable = seq <= entry.next() || fillBefore(append, entry);
        for (ProducerRecord<byte[], byte[]> record : append.records()) {
            if (!reachable) {
                append.stretch().acknowledged(); // published when the run is resolved
            } else if (seq < entry.next()) {
                metrics.run().skipped();
                append.stretch().acknowledged();
            } else {
                writer.send(entry, record, append.committedAt(), append.stretch());
            }
            seq++;
        }
    }

    /** Fills the hole before an append; false if the run is halted because of it. */
    private boolean fillBefore(RunAppend append, ExpectedSeqs.Entry entry)
            throws InterruptedException, ExecutionException {
        if (deadLetters.isHalted(entry.run)) {
            return false; // it was under way already
        }
        LOG.warn(
                "filling a run topic from the table run={} topic={} from={} until={}",
                entry.run,
                entry.topic,
                entry.next(),
                append.firstSeq());
        if (isFilled(entry, append.firstSeq(), append.stretch())) {
            return true;
        }
        halt(entry, append.firstSeq(), "the table lacks what its topic lacks");
        return false;
    }

    private void halt(ExpectedSeqs.Entry entry, long bad, String reason)
            throws InterruptedException {
        deadLetters.halt(
                entry.run,
                entry.next(),
                bad,
                null,
                "%s: topic=%s expected=%d found=%d"
                        .formatted(reason, entry.topic, entry.next(), bad));
    }

    /**
     * Sends what the table has of the run from the next seq until this one; whether that was all.
     *
     * @param counting an open stretch that counts what is sent as well; null where somebody waits
     *     for all of it
     */
    private boolean isFilled(ExpectedSeqs.Entry entry, long until, @Nullable Stretch counting)
            throws InterruptedException, ExecutionException {
        outbox.read(
                entry.run,
                entry::next,
                until,
                row -> {
                    if (row instanceof Change.Appended append) {
                        fill(entry, append, until, counting);
                    }
                });
        return entry.next() == until;
    }

    private void fill(
            ExpectedSeqs.Entry entry,
            Change.Appended append,
            long until,
            @Nullable Stretch counting)
            throws InterruptedException, ExecutionException {
        long seq = append.firstSeq();
        for (ProducerRecord<byte[], byte[]> record : EventRecords.readable(entry.topic, append)) {
            if (seq == entry.next() && seq < until) {
                if (counting != null) {
                    counting.sending(1, System.nanoTime());
                }
                metrics.run().repaired(1);
                writer.send(entry, record, CommitClock.UNKNOWN, counting);
            }
            seq++;
        }
    }

    /** Makes topics anew that do not hold what they should. */
    private void rebuildBroken() throws InterruptedException, ExecutionException {
        ExpectedSeqs.Entry entry;
        while ((entry = broken.poll()) != null) {
            if (entry.isBroken()) {
                rebuild(entry, entry.next());
            }
        }
    }

    private void rebuild(ExpectedSeqs.Entry entry, long until)
            throws InterruptedException, ExecutionException {
        if (until != ALL) {
            outbox.awaitShown(entry.run, until);
        }
        boolean filled = true;
        List<Stretch> owed = new ArrayList<>();
        for (int times = 0; entry.isBroken() && times < REBUILDS_MAX; times++) {
            LOG.warn(
                    "making a run topic anew: its offsets are not the seqs run={} topic={} until={}",
                    entry.run,
                    entry.topic,
                    until);
            metrics.rebuilt();
            flush();
            producers.renew(); // nothing of ours is in flight
            owed.addAll(entry.mend());
            do {
                right.await(); // or we would delete what our successor has made
            } while (!topics.isMadeAnew(entry.topic));
            entry.restart(0);
            filled = isFilled(entry, until, null);
            flush();
        }
        if (!filled && until != ALL) {
            halt(entry, until, "its topic had to be made anew, and the table lacks its beginning");
        } else if (entry.isBroken()) {
            owed.addAll(entry.mend());
            halt(entry, until, "its topic has another writer");
        }
        owed.forEach(Stretch::acknowledged);
    }

    private void check(Check check) throws InterruptedException, ExecutionException {
        flush();
        Set<String> wrong = topics.wrong(topics.ends(check.topics().values()));
        for (Map.Entry<RunId, String> suspect : check.topics().entrySet()) {
            if (wrong.contains(suspect.getValue())) {
                ExpectedSeqs.Entry entry = expected.get(suspect.getKey());
                if (entry == null) {
                    // What is behind in the stream is then there already.
                    entry = expected.put(suspect.getKey(), suspect.getValue(), ALL);
                }
                entry.breaks();
                rebuild(entry, entry.next());
            }
        }
        Stretch counting = check.counting();
        if (counting != null) {
            counting.acknowledged();
        }
    }

    private void repair(Repair repair) throws InterruptedException, ExecutionException {
        flush(); // the topic holds all that was sent to it
        ExpectedSeqs.Entry known = expected.get(repair.run());
        long sent = known == null ? end(repair.topic()) : known.next();
        outbox.awaitShown(repair.run(), Math.min(sent, repair.until()));
        RunTopicCheck found =
                RunTopicCheck.of(topics, outbox, repair.run(), repair.topic(), repair.until());
        if (!found.tableIsWhole()) {
            LOG.warn(
                    "a run topic is not repaired: the table lacks events run={} topic={}",
                    repair.run(),
                    repair.topic());
        } else {
            ExpectedSeqs.Entry entry =
                    known == null ? expected.put(repair.run(), repair.topic(), found.end()) : known;
            if (found.topicIsRight()) {
                fillUp(entry, found.end(), repair.until());
            } else {
                entry.breaks();
            }
            if (entry.isBroken()) {
                rebuild(entry, repair.until());
            }
        }
        repair.counting().acknowledged();
    }

    private long end(String topic) throws InterruptedException, ExecutionException {
        return topics.ends(Set.of(topic)).getOrDefault(topic, 0L);
    }

    /** Sends what the table has behind the topic's end; what is still in the stream is among it. */
    private void fillUp(ExpectedSeqs.Entry entry, long end, long until)
            throws InterruptedException, ExecutionException {
        entry.restart(end);
        isFilled(entry, until, null);
        flush();
        LOG.info(
                "a run topic holds what the table has run={} topic={} found={} filled_up_to={}",
                entry.run,
                entry.topic,
                end,
                entry.next());
    }

    /**
     * Waits until all that was sent is acknowledged. What was sent to a topic that has gone never
     * is, unless somebody makes it again: who else would is waiting here.
     */
    private void flush() throws InterruptedException, ExecutionException {
        Thread flushing = Thread.ofVirtual().start(producers::flush);
        while (!flushing.join(STALLED)) {
            makeMissing();
        }
    }

    private void makeMissing() throws InterruptedException, ExecutionException {
        Set<String> inFlight = new HashSet<>();
        expected.inFlight().forEach(entry -> inFlight.add(entry.topic));
        if (!inFlight.isEmpty()) {
            topics.awaitPrepared(inFlight, Set.of());
        }
    }
}
