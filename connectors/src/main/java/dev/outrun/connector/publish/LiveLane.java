package dev.outrun.connector.publish;

import dev.outrun.schema.run.RunId;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * The firehose's side of the publisher: one producer, pipelined, fed from the publisher's thread.
 *
 * <p>We are the firehose's only writer, so every offset is known before the broker says it: an
 * acknowledgement with another one means a stranger's record, and stops us.
 */
final class LiveLane implements AutoCloseable {

    private final Producer<byte[], byte[]> producer;
    private final String topic;
    private final long[] next;
    private final Map<RunId, Long> published;
    private final Halt halt;
    private volatile boolean closed;

    /** Goes on behind this tail. */
    LiveLane(Producer<byte[], byte[]> producer, String topic, FirehoseTail tail, Halt halt) {
        this.producer = producer;
        this.topic = topic;
        this.next = Arrays.copyOf(tail.ends(), tail.ends().length);
        this.published = tail.lastSeqs();
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
        return published.isEmpty();
    }

    /** What the tail held has been met, or never will be: what is sent next is new. */
    void leaveTail() {
        published.clear();
    }

    /** Per partition, the offset the next record gets. Publisher's thread. */
    long[] nextOffsets() {
        return next.clone();
    }

    /**
     * Sends one event's record, unless a publisher before us has. Blocks while there is no room.
     */
    void send(Stretch stretch, RunId run, long seq, ProducerRecord<byte[], byte[]> record) {
        if (isPublished(run, seq)) {
            stretch.acknowledged();
            return;
        }
        int partition = record.partition();
        long expected = next[partition]++;
        // The callback hears of everything the future would.
        var _ =
                producer.send(
                        record,
                        (metadata, failure) -> {
                            if (failure != null) {
                                refused(run, partition, seq, failure);
                            } else if (metadata.offset() != expected) {
                                overtaken(run, partition, seq, metadata.offset(), expected);
                            } else {
                                stretch.acknowledged();
                            }
                        });
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
        }
        halt.because(
                "the firehose refused a record: run=%s topic=%s partition=%d seq=%d"
                        .formatted(run, topic, partition, seq),
                failure);
    }

    private void overtaken(RunId run, int partition, long seq, long offset, long expected) {
        halt.because(
                ("the firehose has another writer:"
                                + " run=%s topic=%s partition=%d offset=%d expected=%d seq=%d")
                        .formatted(run, topic, partition, offset, expected, seq),
                null);
    }

    private boolean isPublished(RunId run, long seq) {
        if (published.isEmpty()) {
            return false;
        }
        Long last = published.get(run);
        if (last == null || seq > last) {
            return false;
        }
        if (seq == last) {
            published.remove(run);
        }
        return true;
    }
}
