package dev.outrun.connector.publish;

import dev.outrun.connector.source.Outbox;
import dev.outrun.connector.topic.RunTopics;
import java.sql.SQLException;
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
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The run topics' side of the publisher, for the runs hashed onto it: a queue with a thread, and a
 * producer.
 *
 * <p>Slow as it may be when many topics have to be made, it holds nobody up until its queue is
 * full.
 *
 * <p>A topic that lacks events before the next one is filled from the table. One that holds what it
 * should not, or was deleted, is made anew and filled from its beginning: the same events have the
 * same offsets.
 */
final class RunLane implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RunLane.class);

    /** After the database has not answered. */
    private static final Duration ASK_AGAIN = Duration.ofMillis(100);

    /** In a row, of one topic: somebody else writes to it. */
    private static final int REBUILDS_MAX = 5;

    private final int producerTopics;
    private final RunTopics topics;
    private final Outbox outbox;
    private final ExpectedSeqs expected;
    private final RunWriter writer;
    private final Queue<ExpectedSeqs.Entry> broken = new ConcurrentLinkedQueue<>();
    private final Bursts<Item> bursts;
    private final Halt halt;
    private int topicsMet;

    /** What its thread takes. */
    sealed interface Item permits RunAppend, Look {

        /** What it holds of the queue's room. */
        int bytes();
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
     * @param producers makes one for every so many topics: a producer never forgets a topic, and
     *     looks through all of them at each request
     * @param limits of the queue; a burst's new topics are made together
     */
    RunLane(
            String name,
            Supplier<Producer<byte[], byte[]>> producers,
            int producerTopics,
            RunTopics topics,
            Outbox outbox,
            int knownRuns,
            Bursts.Limits limits,
            Halt halt) {
        this.producerTopics = producerTopics;
        this.topics = topics;
        this.outbox = outbox;
        this.expected = new ExpectedSeqs(knownRuns);
        this.halt = halt;
        this.writer = new RunWriter(producers, topics, this::isBroken, halt);
        this.bursts = new Bursts<>(name, limits, Item::bytes, this::take, this::failed);
    }

    /** Takes an append; blocks while the queue is full. Publisher's thread. */
    void put(RunAppend append) throws InterruptedException {
        bursts.put(append);
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
        writer.close(limit);
    }

    @Override
    public void close() {
        close(Duration.ZERO);
    }

    private void isBroken(ExpectedSeqs.Entry entry) {
        broken.add(entry);
        bursts.offer(Look.AT_BROKEN);
    }

    private void take(List<Item> burst)
            throws InterruptedException, ExecutionException, HoleException {
        if (burst.contains(Look.AT_TOPICS)) {
            makeMissing();
        }
        List<RunAppend> appends = new ArrayList<>(burst.size());
        for (Item item : burst) {
            if (item instanceof RunAppend append) {
                appends.add(append);
            }
        }
        learn(appends);
        rebuildBroken();
        for (RunAppend append : appends) {
            send(append);
        }
    }

    private void failed(Exception e) {
        if (e instanceof HoleException hole) {
            halt.because(hole.reason, null);
        } else if (!writer.isClosed()) {
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
        topicsMet += unseen.size();
        if (topicsMet > producerTopics) {
            topicsMet = unseen.size();
            writer.renew();
        }
        Map<String, Long> ends = topics.prepareSoon(unseen.keySet(), asked);
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
            throws InterruptedException {
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

    private void send(RunAppend append)
            throws InterruptedException, ExecutionException, HoleException {
        ExpectedSeqs.Entry entry = expected.get(append.run());
        if (entry == null) {
            // More runs in one burst than the map holds: it has just fallen out, all acknowledged.
            throw new IllegalStateException("run-topics.known-runs is less than a burst's runs");
        }
        long seq = append.firstSeq();
        if (seq > entry.next()) {
            LOG.warn(
                    "filling a run topic from the table run={} topic={} from={} until={}",
                    entry.run,
                    entry.topic,
                    entry.next(),
                    seq);
            fill(entry, seq, append.stretch());
        }
        for (ProducerRecord<byte[], byte[]> record : append.records()) {
            if (seq < entry.next()) {
                append.stretch().acknowledged(); // published before
            } else {
                writer.send(entry, record, append.stretch());
            }
            seq++;
        }
    }

    /**
     * Sends what the table has of the run from the next seq until this one.
     *
     * @param counting an open stretch that counts what is sent as well; null where somebody waits
     *     for all of it
     */
    private void fill(ExpectedSeqs.Entry entry, long until, @Nullable Stretch counting)
            throws InterruptedException, ExecutionException, HoleException {
        boolean read = false;
        while (!read) {
            try {
                outbox.read(
                        entry.run,
                        entry.next(),
                        until,
                        append -> {
                            long seq = append.firstSeq();
                            for (ProducerRecord<byte[], byte[]> record :
                                    EventRecords.of(entry.topic, append)) {
                                if (seq == entry.next() && seq < until) {
                                    if (counting != null) {
                                        counting.sending(1, System.nanoTime());
                                    }
                                    writer.send(entry, record, counting);
                                }
                                seq++;
                            }
                        });
                read = true;
            } catch (SQLException e) {
                LOG.warn("the table cannot be read run={} retry_in={}", entry.run, ASK_AGAIN, e);
                Thread.sleep(ASK_AGAIN);
            }
        }
        if (entry.next() < until) {
            throw new HoleException(
                    "the table lacks what the topic lacks: run=%s topic=%s expected=%d found=%d"
                            .formatted(entry.run, entry.topic, entry.next(), until));
        }
    }

    /** Makes topics anew that do not hold what they should. */
    private void rebuildBroken() throws InterruptedException, ExecutionException, HoleException {
        ExpectedSeqs.Entry entry;
        while ((entry = broken.poll()) != null) {
            if (entry.isBroken()) {
                rebuild(entry);
            }
        }
    }

    private void rebuild(ExpectedSeqs.Entry entry)
            throws InterruptedException, ExecutionException, HoleException {
        long until = entry.next();
        List<Stretch> owed = new ArrayList<>();
        for (int times = 1; entry.isBroken(); times++) {
            if (times > REBUILDS_MAX) {
                throw new HoleException(
                        "a run topic has another writer: run=%s topic=%s"
                                .formatted(entry.run, entry.topic));
            }
            LOG.warn(
                    "making a run topic anew: its offsets are not the seqs run={} topic={} until={}",
                    entry.run,
                    entry.topic,
                    until);
            writer.renew(); // after which nothing of ours is in flight
            owed.addAll(entry.mend());
            topics.recreate(entry.topic);
            entry.restart(0);
            fill(entry, until, null);
            writer.flush();
        }
        owed.forEach(Stretch::acknowledged);
    }

    private void makeMissing() throws InterruptedException, ExecutionException {
        Set<String> inFlight = new HashSet<>();
        expected.inFlight().forEach(entry -> inFlight.add(entry.topic));
        if (!inFlight.isEmpty()) {
            topics.prepareSoon(inFlight, Set.of());
        }
    }

    /** A log that cannot be made right. */
    private static final class HoleException extends Exception {
        private static final long serialVersionUID = 1L;

        private final String reason;

        HoleException(String reason) {
            super(reason);
            this.reason = reason;
        }
    }
}
