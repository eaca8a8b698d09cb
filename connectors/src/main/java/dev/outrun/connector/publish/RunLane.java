package dev.outrun.connector.publish;

import dev.outrun.connector.topic.RunTopics;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RetriableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The run topics' side of the publisher, for the runs hashed onto it: a queue with a thread, and a
 * producer.
 *
 * <p>Slow as it may be when many topics have to be made, it holds nobody up until its queue is
 * full.
 */
final class RunLane implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RunLane.class);

    /** After brokers have not answered about topics. */
    private static final Duration ASK_AGAIN = Duration.ofMillis(100);

    private final Supplier<Producer<byte[], byte[]>> producers;
    private final int producerTopics;
    private final RunTopics topics;
    private final ExpectedSeqs expected;
    private final Bursts<RunAppend> bursts;
    private final Halt halt;
    private volatile Producer<byte[], byte[]> producer;
    private volatile boolean closed;
    private int topicsMet;

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
            int knownRuns,
            Bursts.Limits limits,
            Halt halt) {
        this.producers = producers;
        this.producerTopics = producerTopics;
        this.producer = producers.get();
        this.topics = topics;
        this.expected = new ExpectedSeqs(knownRuns);
        this.halt = halt;
        this.bursts = new Bursts<>(name, limits, RunAppend::bytes, this::send, this::failed);
    }

    /** Takes an append; blocks while the queue is full. Publisher's thread. */
    void put(RunAppend append) throws InterruptedException {
        bursts.put(append);
    }

    /** Sends nothing more. Never blocks. */
    void halt() {
        bursts.close();
    }

    /** Sends nothing more, and waits for what is in flight, up to the limit. */
    void close(Duration limit) {
        synchronized (this) {
            closed = true;
        }
        bursts.close();
        producer.close(limit);
    }

    @Override
    public void close() {
        close(Duration.ZERO);
    }

    private void send(List<RunAppend> burst)
            throws InterruptedException, ExecutionException, HoleException {
        learn(burst);
        for (RunAppend append : burst) {
            send(append);
        }
    }

    private void failed(Exception e) {
        if (e instanceof HoleException hole) {
            halt.because(hole.reason, null);
        } else if (!closed) {
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
            renewProducer();
        }
        Map<String, Long> ends = prepare(unseen.keySet(), asked);
        for (RunAppend first : unseen.values()) {
            expected.put(first.run(), first.topic(), ends.getOrDefault(first.topic(), 0L));
        }
    }

    /** Between two bursts. All is acknowledged before the next one sends: the order stays. */
    private void renewProducer() {
        producer.flush();
        producer.close();
        Producer<byte[], byte[]> next = producers.get();
        synchronized (this) {
            producer = next;
            if (!closed) {
                return;
            }
        }
        next.close(Duration.ZERO);
    }

    private Map<String, Long> prepare(Set<String> unseen, Set<String> asked)
            throws InterruptedException, ExecutionException {
        while (true) {
            try {
                return topics.prepare(unseen, asked);
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof RetriableException)) {
                    throw e;
                }
                LOG.warn("brokers do not answer about run topics count={}", unseen.size(), e);
                Thread.sleep(ASK_AGAIN);
            }
        }
    }

    private void send(RunAppend append) throws HoleException {
        ExpectedSeqs.Entry entry = expected.get(append.run());
        if (entry == null) {
            // More runs in one burst than the map holds: it has just fallen out, all acknowledged.
            throw new IllegalStateException("run-topics.known-runs is less than a burst's runs");
        }
        long seq = append.firstSeq();
        if (seq > entry.next()) {
            throw new HoleException(
                    "a hole before an append: run=%s topic=%s expected=%d found=%d"
                            .formatted(append.run(), append.topic(), entry.next(), seq));
        }
        for (ProducerRecord<byte[], byte[]> record : append.records()) {
            if (seq < entry.next()) {
                append.stretch().acknowledged(); // published before
            } else {
                send(append, entry, seq, record);
            }
            seq++;
        }
    }

    private void send(
            RunAppend append,
            ExpectedSeqs.Entry entry,
            long seq,
            ProducerRecord<byte[], byte[]> firehose) {
        entry.sending();
        // The callback hears of everything the future would.
        var _ =
                producer.send(
                        new ProducerRecord<>(
                                append.topic(),
                                0,
                                firehose.timestamp(),
                                firehose.key(),
                                firehose.value(),
                                firehose.headers()),
                        (metadata, failure) -> {
                            if (failure != null) {
                                acknowledgeFailure(append, seq, failure);
                            } else if (metadata.offset() != seq) {
                                halt.because(
                                        "offset is not seq: run=%s topic=%s partition=%d offset=%d seq=%d"
                                                .formatted(
                                                        append.run(),
                                                        append.topic(),
                                                        metadata.partition(),
                                                        metadata.offset(),
                                                        seq),
                                        null);
                            } else {
                                entry.acknowledged();
                                append.stretch().acknowledged();
                            }
                        });
    }

    private void acknowledgeFailure(RunAppend append, long seq, Exception failure) {
        if (closed && failure instanceof KafkaException) {
            return; // given up by our own close: found again at the next start
        }
        halt.because(
                "a run topic refused a record: run=%s topic=%s partition=0 seq=%d"
                        .formatted(append.run(), append.topic(), seq),
                failure);
    }

    /** A seq that is not the next one. */
    private static final class HoleException extends Exception {
        private static final long serialVersionUID = 1L;

        private final String reason;

        HoleException(String reason) {
            super(reason);
            this.reason = reason;
        }
    }
}
