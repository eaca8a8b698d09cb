package dev.outrun.connector.publish;

import dev.outrun.connector.source.HaltedRuns;
import dev.outrun.connector.source.HaltedRuns.HaltedRun;
import dev.outrun.connector.topic.PlatformTopics;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.RecordHeaders;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Appends that cannot be published, and their runs, which are halted: nothing more of them is
 * published until somebody has mended the cause and says so, and their logs stay in order. The
 * other runs go on. Thread-safe; outlives publishers.
 *
 * <p>A letter is written before the run is halted in the database, so that there is at least one.
 */
public final class DeadLetters {

    private static final Logger LOG = LoggerFactory.getLogger(DeadLetters.class);

    /** After the database has not answered. */
    private static final Duration ASK_AGAIN = Duration.ofMillis(100);

    /** For a commit to be seen, which takes a moment, or as long as a synchronous standby does. */
    private static final Duration LOOK_AGAIN = Duration.ofMillis(5);

    /** Of a letter's value; what is larger can be looked up in the table. */
    private static final int BYTES_MAX = PlatformTopics.RECORD_BYTES_MAX / 2;

    private final KafkaAddress kafka;
    private final String topic;
    private final HaltedRuns table;
    private final PublisherMetrics metrics;
    private final Map<RunId, Long> nextSeqs = new ConcurrentHashMap<>();

    public DeadLetters(
            KafkaAddress kafka, String topic, HaltedRuns table, PublisherMetrics metrics) {
        this.kafka = kafka;
        this.topic = topic;
        this.table = table;
        this.metrics = metrics;
    }

    /** Learns from the database which runs are halted; returns those resolved in the meantime. */
    public List<RunId> load() throws SQLException {
        List<HaltedRun> halted = table.read();
        nextSeqs.clear();
        halted.forEach(one -> nextSeqs.put(one.run(), one.nextSeq()));
        return halted.stream().filter(HaltedRun::resolved).map(HaltedRun::run).toList();
    }

    /** Runs that are halted just now. */
    public int haltedRuns() {
        return nextSeqs.size();
    }

    boolean isHalted(RunId run) {
        return nextSeqs.containsKey(run);
    }

    /** The seq from which on nothing of this run is published; no end where it is not halted. */
    long publishedUntil(RunId run) {
        return nextSeqs.getOrDefault(run, Long.MAX_VALUE);
    }

    /**
     * Halts a run. Waits for Kafka and the database, as long as it takes.
     *
     * @param next nothing is published from this seq on
     * @param bad the append's first
     * @param events the append's; null where they are not known here
     */
    public void halt(RunId run, long next, long bad, byte @Nullable [] events, String reason)
            throws InterruptedException {
        LOG.error("run halted run={} next_seq={} bad_seq={} reason={}", run, next, bad, reason);
        metrics.deadLetter();
        write(run, bad, events, reason);
        HaltedRun halted = new HaltedRun(run, next, bad, reason, false);
        untilDone(() -> table.write(halted), run);
        nextSeqs.put(run, next);
    }

    /**
     * Waits until others see what this transaction has done, as long as it takes.
     *
     * @param xid null where they do
     */
    void awaitVisible(RunId run, @Nullable Long xid) throws InterruptedException {
        if (xid == null || !isHalted(run)) {
            return;
        }
        AtomicBoolean visible = new AtomicBoolean();
        untilDone(() -> visible.set(table.isVisible(xid)), run);
        while (!visible.get()) {
            Thread.sleep(LOOK_AGAIN);
            untilDone(() -> visible.set(table.isVisible(xid)), run);
        }
    }

    /** Lets a run go on: the seq from which on; null if it was not halted. */
    @Nullable Long release(RunId run) {
        return nextSeqs.remove(run);
    }

    /** Says that what a released run lacked is published. */
    void settle(RunId run) throws InterruptedException {
        untilDone(() -> table.delete(run), run);
        if (!isHalted(run)) {
            LOG.info("run resolved run={}", run);
        }
    }

    private void write(RunId run, long bad, byte @Nullable [] events, String reason)
            throws InterruptedException {
        byte[] key = run.toString().getBytes(StandardCharsets.UTF_8);
        byte @Nullable [] value = events == null || events.length > BYTES_MAX ? null : events;
        ProducerRecord<byte[], byte[]> letter = new ProducerRecord<>(topic, key, value);
        RecordHeaders.writeDeadLetter(letter.headers(), bad, reason);
        try (Producer<byte[], byte[]> producer =
                Producers.checkpoints(kafka, "outrun-dead-letters")) {
            producer.send(letter).get();
        } catch (ExecutionException e) {
            LOG.warn("a dead letter was refused run={} seq={}", run, bad, e);
        }
    }

    private interface Statement {
        void execute() throws SQLException;
    }

    private static void untilDone(Statement statement, RunId run) throws InterruptedException {
        while (true) {
            try {
                statement.execute();
                return;
            } catch (SQLException e) {
                LOG.warn("a halted run cannot be noted run={} retry_in={}", run, ASK_AGAIN, e);
                Thread.sleep(ASK_AGAIN);
            }
        }
    }
}
