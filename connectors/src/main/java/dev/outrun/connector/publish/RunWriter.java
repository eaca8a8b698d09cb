package dev.outrun.connector.publish;

import dev.outrun.connector.topic.RunTopics;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Sends a run lane's records, and checks every acknowledgement: offset = seq. For the lane's
 * thread.
 */
final class RunWriter {

    private final RunProducers producers;
    private final RunTopics topics;
    private final Consumer<ExpectedSeqs.Entry> broken;
    private final LaneMetrics metrics;
    private final Halt halt;

    /**
     * Of these producers.
     *
     * @param broken hears of entries whose topic is not what it should be; any thread, must not
     *     block
     */
    RunWriter(
            RunProducers producers,
            RunTopics topics,
            Consumer<ExpectedSeqs.Entry> broken,
            LaneMetrics metrics,
            Halt halt) {
        this.producers = producers;
        this.topics = topics;
        this.broken = broken;
        this.metrics = metrics;
        this.halt = halt;
    }

    /**
     * Sends the record of the run's next seq; a topic that has gone is made again, empty.
     *
     * @param record the event's firehose record
     * @param committedAt see {@link CommitClock}
     * @param counting where its acknowledgement counts
     */
    void send(
            ExpectedSeqs.Entry entry,
            ProducerRecord<byte[], byte[]> record,
            long committedAt,
            @Nullable Stretch counting)
            throws InterruptedException, ExecutionException {
        long seq = entry.next();
        entry.sending();
        ProducerRecord<byte[], byte[]> own = EventRecords.in(entry.topic, record);
        while (!isTaken(own, entry, seq, committedAt, counting)) {
            topics.awaitPrepared(Set.of(entry.topic), Set.of());
        }
    }

    /** False if there was no room for it, or no such topic, for long. */
    private boolean isTaken(
            ProducerRecord<byte[], byte[]> record,
            ExpectedSeqs.Entry entry,
            long seq,
            long committedAt,
            @Nullable Stretch counting) {
        Future<RecordMetadata> sent =
                producers
                        .of(entry)
                        .send(
                                record,
                                (metadata, failure) -> {
                                    if (failure == null) {
                                        acknowledged(
                                                entry,
                                                seq,
                                                metadata.offset(),
                                                committedAt,
                                                counting);
                                    } else if (!(failure instanceof TimeoutException)) {
                                        refused(entry, seq, failure);
                                    }
                                });
        // Nothing times out later: what has been taken is sent until it is acknowledged.
        return sent.state() != Future.State.FAILED
                || !(sent.exceptionNow() instanceof TimeoutException);
    }

    private void acknowledged(
            ExpectedSeqs.Entry entry,
            long seq,
            long offset,
            long committedAt,
            @Nullable Stretch counting) {
        if (offset != seq) {
            entry.astray(counting);
            broken.accept(entry);
            return;
        }
        metrics.published(committedAt);
        entry.acknowledged();
        if (counting != null) {
            counting.acknowledged();
        }
    }

    private void refused(ExpectedSeqs.Entry entry, long seq, Exception failure) {
        if (producers.isClosed() && failure instanceof KafkaException) {
            return; // given up by our own close: found again at the next start
        }
        halt.because(
                "a run topic refused a record: run=%s topic=%s partition=0 seq=%d"
                        .formatted(entry.run, entry.topic, seq),
                failure);
    }
}
