package dev.outrun.connector.publish;

import dev.outrun.connector.source.Change;
import dev.outrun.schema.run.RunId;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jspecify.annotations.Nullable;

/**
 * The firehose's side of the publisher: one producer, pipelined, fed from the publisher's thread.
 *
 * <p>We are the firehose's only writer, so every offset is known before the broker says it: an
 * acknowledgement with another one means a stranger's record. Such a copy carries its seq, and
 * readers leave it out; but what we know of the offsets is wrong from there on.
 */
final class LiveLane implements AutoCloseable {

    private final Producer<byte[], byte[]> producer;
    private final String topic;
    private final long[] next;
    private final Map<RunId, Long> published;
    private final Map<RunId, Set<Long>> publishedLate;
    private final Map<RunId, Long> nextSeqs;
    private final LaneMetrics metrics;
    private final Breakage breakage;
    private final Halt halt;
    private volatile boolean broken;
    private volatile boolean closed;

    /**
     * Goes on behind this tail.
     *
     * @param knownRuns whose next seq is kept in mind, those used last
     */
    LiveLane(
            Producer<byte[], byte[]> producer,
            String topic,
            FirehoseTail tail,
            int knownRuns,
            LaneMetrics metrics,
            Breakage breakage,
            Halt halt) {
        this.producer = producer;
        this.topic = topic;
        this.next = Arrays.copyOf(tail.ends(), tail.ends().length);
        this.published = tail.lastSeqs();
        this.publishedLate = tail.late();
        this.nextSeqs = new LastUsed<>(knownRuns);
        this.metrics = metrics;
        this.breakage = breakage;
        this.halt = halt;
    }

    String topic() {
        return topic;
    }

    int partitions() {
        return next.length;
    }

    /** Whether all that the tail holds has been met: what is sent next is behind all before it. */
    boolean isBehindTail() {
        return published.isEmpty() && publishedLate.isEmpty();
    }

    /** What the tail held has been met, or never will be: what is sent next is new. */
    void leaveTail() {
        published.clear();
        publishedLate.clear();
    }

    /** Per partition, the offset the next record gets. Publisher's thread. */
    long[] nextOffsets() {
        return next.clone();
    }

    /** The seq behind the last one sent of this run; null where it is not known. */
    @Nullable Long nextSeq(RunId run) {
        return nextSeqs.get(run);
    }

    /** Of this run, what is before this seq has been sent. */
    void sent(RunId run, long nextSeq) {
        nextSeqs.put(run, nextSeq);
    }

    /** Waits until all that was sent is acknowledged, as long as it takes. */
    void flush() {
        producer.flush();
    }

    /** Leaves one event's record out: it was sent before. */
    void skip(Stretch stretch) {
        metrics.skipped();
        stretch.acknowledged();
    }

    /**
     * Sends one event's record, unless a publisher before us has. Blocks while there is no room.
     *
     * @param committedAt see {@link CommitClock}
     */
    void send(
            Stretch stretch,
            RunId run,
            long seq,
            ProducerRecord<byte[], byte[]> record,
            long committedAt) {
        if (isPublished(run, seq)) {
            skip(stretch);
            return;
        }
        int partition = record.partition();
        long expected = next[partition]++;
        try {
            // The callback hears of everything the future would.
            var _ =
                    producer.send(
                            record,
                            (metadata, failure) -> {
                                if (broken) {
                                    return; // another publisher will find out
                                } else if (failure != null) {
                                    refused(run, partition, seq, failure);
                                } else if (metadata.offset() != expected) {
                                    overtaken(run, partition, seq, metadata.offset(), expected);
                                } else {
                                    metrics.published(committedAt);
                                    stretch.acknowledged();
                                }
                            });
        } catch (InterruptException e) {
            throw e;
        } catch (IllegalStateException | KafkaException e) { // closed before, or in the middle
            if (!broken) {
                throw e;
            }
        }
    }

    /**
     * Sends an append's events of these seqs, behind later ones of its run.
     *
     * @return the seq behind the last one sent
     */
    long sendLate(Change.Appended append, long from, long until, Stretch stretch) {
        RunId run = append.run();
        long next = from;
        long seq = append.firstSeq();
        for (ProducerRecord<byte[], byte[]> record : EventRecords.readable(topic, append)) {
            if (seq >= next && seq < until) {
                long sent = seq;
                stretch.sending(1, System.nanoTime());
                send(stretch, run, seq, record, CommitClock.UNKNOWN);
                next = seq + 1;
                nextSeqs.computeIfPresent(run, (_, known) -> known == sent ? known + 1 : known);
            }
            seq++;
        }
        return next;
    }

    /** Waits for what is in flight, up to the limit. */
    void close(Duration limit) {
        closed = true;
        producer.close(limit);
    }

    @Override
    public void close() {
        close(Duration.ZERO);
    }

    private void refused(RunId run, int partition, long seq, Exception failure) {
        if (closed) {
            return; // given up by our own close: found again at the next start
        } else if (failure instanceof RecordTooLargeException) {
            breakOff();
            breakage.refused(run, seq, "the firehose refused it: " + failure.getMessage());
            return;
        }
        halt.because(
                "the firehose refused a record: run=%s topic=%s partition=%d seq=%d"
                        .formatted(run, topic, partition, seq),
                failure);
    }

    private void overtaken(RunId run, int partition, long seq, long offset, long expected) {
        breakOff();
        breakage.overtaken(
                ("the firehose has another writer:"
                                + " run=%s topic=%s partition=%d offset=%d expected=%d seq=%d")
                        .formatted(run, topic, partition, offset, expected, seq));
    }

    /** On the producer's own thread: no record behind the one acknowledged last is sent. */
    private void breakOff() {
        broken = true;
        producer.close(Duration.ZERO);
    }

    private boolean isPublished(RunId run, long seq) {
        if (isBehindTail()) {
            return false;
        }
        boolean late = isPublishedLate(run, seq);
        Long last = published.get(run);
        if (last == null || seq > last) {
            return late;
        }
        if (seq == last) {
            published.remove(run);
        }
        return true;
    }

    private boolean isPublishedLate(RunId run, long seq) {
        Set<Long> seqs = publishedLate.get(run);
        if (seqs == null || !seqs.remove(seq)) {
            return false;
        }
        if (seqs.isEmpty()) {
            publishedLate.remove(run);
        }
        return true;
    }
}
