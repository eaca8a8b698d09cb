package dev.outrun.streams;

import java.util.Arrays;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * The records that one task does not take: each becomes a {@linkplain DeadLetters dead letter}, and
 * the task goes on behind it. For one thread.
 *
 * <p>Of a record that cannot be read, or that the rules refuse, nothing has been written yet: it is
 * {@linkplain #skip skipped} on the spot. An exception from behind that point leaves a task half
 * moved, and must bring its thread down, so that another begins with the last commit. There it
 * meets the record again, and does not take it a second time: whatever a record does to us, it
 * costs one restart.
 */
public final class Unread {

    private final DeadLetters letters;
    private final ProcessorContext<Object, Object> task;

    Unread(DeadLetters letters, ProcessorContext<Object, Object> task) {
        this.letters = letters;
        this.task = task;
    }

    /** Has a record taken, unless that has brought a thread of this process down before. */
    public void orTake(Record<byte[], byte[]> record, RecordMetadata origin, Runnable take) {
        Throwable before = letters.suspected(origin);
        if (before != null) {
            letters.write(task, record, origin, before);
            return;
        }
        try {
            take.run();
        } catch (RuntimeException e) {
            Throwable bug = bugIn(e);
            if (bug != null) {
                letters.suspect(origin, bug);
            }
            throw e;
        }
    }

    /** Passes over a record of which nothing has been written. */
    public void skip(Record<byte[], byte[]> record, RecordMetadata origin, RuntimeException why) {
        letters.write(task, record, origin, why);
    }

    /**
     * What of ours was thrown; null where it was Kafka: a lost transaction or a task that has moved
     * shows at whichever record is the next, and it is not the record's fault.
     */
    private static @Nullable Throwable bugIn(RuntimeException e) {
        Throwable thrown = e;
        while (thrown instanceof StreamsException && thrown.getCause() != null) {
            thrown = thrown.getCause();
        }
        boolean ofKafka =
                thrown instanceof KafkaException
                        || Arrays.stream(thrown.getStackTrace())
                                .anyMatch(frame ->
                                        frame.getClassName()
                                                .startsWith("org.apache.kafka.clients."));
        return ofKafka ? null : thrown;
    }
}
