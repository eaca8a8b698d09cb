package dev.outrun.connector.publish;

import dev.outrun.connector.source.Lsn;
import dev.outrun.connector.topic.Consumers;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.topic.KafkaAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;

/**
 * A slot's checkpoints, in a compacted topic. The last one of the latest epoch counts: a publisher
 * that was thought dead may write one of an earlier epoch after it. Thread-safe.
 */
public final class Checkpoints implements AutoCloseable {

    /** Between a slot's name and the epoch, in a key. */
    private static final char EPOCH = '/';

    private final Producer<byte[], byte[]> producer;
    private final String topic;
    private final String slot;
    private final java.util.function.Consumer<Lsn> written;
    private final Halt halt;
    private final Thread writer;
    private byte[] key = new byte[0];
    private @Nullable Checkpoint waiting;
    private boolean writing;
    private volatile @Nullable Long writtenAt;

    /**
     * Starts a writer for this slot, on a thread of its own.
     *
     * @param written told each position once its checkpoint is in Kafka
     */
    public Checkpoints(
            KafkaAddress kafka,
            String topic,
            String slot,
            java.util.function.Consumer<Lsn> written,
            Halt halt) {
        this.producer = Producers.checkpoints(kafka, "outrun-checkpoints-" + slot);
        this.topic = topic;
        this.slot = slot;
        this.written = written;
        this.halt = halt;
        this.writer = Thread.ofVirtual().name("outrun-checkpoints-" + slot).start(this::writeLoop);
    }

    /**
     * The last checkpoint of each slot that has one.
     *
     * @throws org.apache.kafka.common.KafkaException if the brokers do not answer in time
     */
    public static Map<String, Checkpoint> read(KafkaAddress kafka, String topic, Duration limit) {
        Map<String, TreeMap<Long, byte[]>> found = new HashMap<>();
        try (Consumer<byte[], byte[]> consumer = Consumers.create(kafka, "outrun-checkpoint")) {
            List<TopicPartition> partitions = Consumers.assign(consumer, topic, limit);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, limit);
            Map<TopicPartition, Long> begins = consumer.beginningOffsets(partitions, limit);
            Consumers.readAll(
                    consumer,
                    begins,
                    ends,
                    limit,
                    record -> {
                        String key = new String(record.key(), StandardCharsets.UTF_8);
                        int end = key.lastIndexOf(EPOCH);
                        found.computeIfAbsent(key.substring(0, end), slot -> new TreeMap<>())
                                .put(Long.parseLong(key.substring(end + 1)), record.value());
                    });
        }
        Map<String, Checkpoint> last = new HashMap<>();
        found.forEach((slot, epochs) ->
                last.put(slot, WireJson.read(epochs.lastEntry().getValue(), Checkpoint.class)));
        return last;
    }

    /**
     * What is handed on from now on belongs to this epoch, and what waits is of no use any more.
     */
    public synchronized void begin(long epoch) {
        key = (slot + EPOCH + epoch).getBytes(StandardCharsets.UTF_8);
        waiting = null;
    }

    /**
     * Hands on a checkpoint, later than all before it. Of those that wait the latest is written.
     */
    public synchronized void write(Checkpoint checkpoint) {
        waiting = checkpoint;
        notifyAll();
    }

    /** Waits until the latest one is written; false if it is not within the limit. */
    public synchronized boolean awaitWritten(Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (waiting != null || writing) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return false;
            }
            wait(left);
        }
        return true;
    }

    /** How long ago the last one was written; null where none has been. */
    public @Nullable Duration age() {
        Long last = writtenAt;
        return last == null ? null : Duration.ofNanos(System.nanoTime() - last);
    }

    /** Writes nothing more. */
    @Override
    public void close() {
        writer.interrupt();
        producer.close(Duration.ZERO);
    }

    private void writeLoop() {
        try {
            while (true) {
                Checkpoint next = take();
                producer.send(new ProducerRecord<>(topic, 0, key(), WireJson.write(next))).get();
                writtenAt = System.nanoTime();
                written.accept(next.lsn());
                done();
            }
        } catch (InterruptedException | InterruptException e) {
            Thread.currentThread().interrupt(); // closed
        } catch (ExecutionException | KafkaException e) {
            halt.because("a checkpoint was refused: topic=" + topic, e);
        }
    }

    private synchronized byte[] key() {
        return key;
    }

    private synchronized Checkpoint take() throws InterruptedException {
        Checkpoint next = waiting;
        while (next == null) {
            wait();
            next = waiting;
        }
        waiting = null;
        writing = true;
        return next;
    }

    private synchronized void done() {
        writing = false;
        notifyAll();
    }
}
