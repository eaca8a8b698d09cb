package dev.outrun.connector.publish;

import dev.outrun.connector.source.Change;
import dev.outrun.connector.source.Outbox;
import dev.outrun.connector.topic.RunTopics;
import dev.outrun.schema.run.RunId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * A run's topic held against the table, record by record.
 *
 * @param tableIsWhole whether the table has the run's events from its first one on: else nobody can
 *     say what the topic should hold
 * @param topicIsRight whether the topic holds the first of these events, each at its seq, and
 *     nothing else
 * @param end how many it holds, if it is right
 */
record RunTopicCheck(boolean tableIsWhole, boolean topicIsRight, long end) {

    /**
     * Reads both, however long they do not answer. A topic that is missing is made.
     *
     * @param until only events before this seq are wanted in the topic
     */
    static RunTopicCheck of(RunTopics topics, Outbox outbox, RunId run, String topic, long until)
            throws InterruptedException, ExecutionException {
        List<Long> wanted = new ArrayList<>();
        boolean whole = isRead(outbox, run, topic, until, wanted);
        if (!whole) {
            return new RunTopicCheck(false, false, 0);
        }
        while (true) {
            long end = topics.awaitPrepared(Set.of(topic), Set.of(topic)).getOrDefault(topic, 0L);
            if (end > wanted.size()) {
                return new RunTopicCheck(true, false, 0);
            }
            Optional<Boolean> right = topics.isAll(topic, end, record -> isWanted(record, wanted));
            if (right.isPresent()) {
                return new RunTopicCheck(true, right.get(), end);
            }
        }
    }

    /** Whether the table has no hole; prints of its events are added. */
    private static boolean isRead(
            Outbox outbox, RunId run, String topic, long until, List<Long> prints)
            throws InterruptedException, ExecutionException {
        List<Long> holes = new ArrayList<>();
        outbox.read(
                run,
                prints::size,
                until,
                row -> {
                    if (row instanceof Change.Appended append) {
                        if (append.firstSeq() > prints.size()) {
                            holes.add(append.firstSeq());
                        }
                        add(topic, append, until, prints);
                    }
                });
        return holes.isEmpty() && !prints.isEmpty();
    }

    private static void add(String topic, Change.Appended append, long until, List<Long> prints) {
        long seq = append.firstSeq();
        for (ProducerRecord<byte[], byte[]> record : EventRecords.readable(topic, append)) {
            if (seq == prints.size() && seq < until) {
                prints.add(print(record.key(), record.value(), record.headers()));
            }
            seq++;
        }
    }

    private static boolean isWanted(ConsumerRecord<byte[], byte[]> record, List<Long> wanted) {
        return record.offset() < wanted.size()
                && wanted.get((int) record.offset())
                        == print(record.key(), record.value(), record.headers());
    }

    /** Of all that a record says, but for its time. */
    private static long print(byte @Nullable [] key, byte @Nullable [] value, Headers headers) {
        MessageDigest digest = sha();
        add(digest, key);
        add(digest, value);
        for (Header header : headers) {
            add(digest, header.key().getBytes(StandardCharsets.UTF_8));
            add(digest, header.value());
        }
        return ByteBuffer.wrap(digest.digest()).getLong();
    }

    private static void add(MessageDigest digest, byte @Nullable [] part) {
        byte[] bytes = part == null ? new byte[0] : part;
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
        digest.update(bytes);
    }

    private static MessageDigest sha() {
        try {
            return MessageDigest.getInstance("SHA-1");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has it", e);
        }
    }
}
