package dev.outrun.streams;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.schema.topic.RecordHeaders;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.errors.TaskMigratedException;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.junit.jupiter.api.Test;

/** A record costs one restart at most, and leaves a letter. */
final class UnreadTest {

    private static final long NOW = 1_767_323_045_000L;

    private final DeadLetters letters = new DeadLetters("somebody");
    private final List<String> taken = new ArrayList<>();
    private MockProcessorContext<Object, Object> task = new MockProcessorContext<>();
    private Unread unread = restart();

    @Test
    void letter_ofARecord_isTheRecordWithWhereItWasAndWhy() {
        // Given
        Record<byte[], byte[]> record = record("value");
        record.headers().add("a", "1".getBytes(UTF_8));

        // When
        at(7);
        unread.skip(record, metadata(), new IllegalArgumentException("no such thing"));

        // Then
        Record<?, ?> letter = said().getFirst();
        assertSame(record.key(), letter.key());
        assertSame(record.value(), letter.value());
        assertEquals(NOW, letter.timestamp());
        assertEquals(
                List.of(
                        "a=1",
                        "outrun_reader=somebody",
                        "outrun_topic=events",
                        "outrun_partition=3",
                        "outrun_offset=7",
                        "outrun_error=java.lang.IllegalArgumentException",
                        "outrun_reason=no such thing"),
                headers(letter));
        assertEquals(1, letters.count());
        assertEquals(1, record.headers().toArray().length);
    }

    @Test
    void letter_ofWhatHasNoMessage_namesWhatWasThrown() {
        // When
        unread.skip(record("value"), metadata(), new NullPointerException());

        // Then
        assertEquals(
                "java.lang.NullPointerException",
                RecordHeaders.text(said().getFirst().headers(), RecordHeaders.REASON));
    }

    @Test
    void letter_thatWouldBeTooLarge_hasNoMoreThanWhereTheRecordIs() {
        // Given
        byte[] large = new byte[DeadLetters.BYTES_MAX + 1];

        // When
        unread.skip(
                new Record<>(large, null, 1),
                metadata(),
                new IllegalStateException("x".repeat(9_999)));

        // Then
        Record<?, ?> letter = said().getFirst();
        assertNull(letter.key());
        assertNull(letter.value());
        assertEquals("x".repeat(1_000), RecordHeaders.text(letter.headers(), RecordHeaders.REASON));
    }

    @Test
    void record_withoutKeyAndValue_isALetterToo() {
        // When
        unread.skip(new Record<>(null, null, 1), metadata(), new IllegalStateException("no"));

        // Then
        assertEquals(1, said().size());
    }

    @Test
    void record_thatBringsItsThreadDown_isNotTakenAgainByAnyOther() {
        // Given
        at(7);
        RuntimeException bug = new IllegalStateException("a bug");
        assertSame(bug, assertThrows(RuntimeException.class, () -> take("bad", bug)));
        assertEquals(List.of(), said());

        // When
        restart();
        take("before", 6);
        take("bad", 7);
        take("after", 8);
        restart();
        take("bad", 7);

        // Then
        assertEquals(List.of("before", "after"), taken);
        assertEquals(2, letters.count());
        Record<?, ?> letter = said().getFirst();
        assertArrayEquals("bad".getBytes(UTF_8), (byte[]) letter.value());
        assertEquals("a bug", RecordHeaders.text(letter.headers(), RecordHeaders.REASON));
    }

    @Test
    void bug_inWhatKafkaStreamsCalls_isFoundBelowItsException() {
        // Given
        at(7);
        RuntimeException bug = new IllegalStateException("a bug");
        assertThrows(
                RuntimeException.class,
                () -> take("bad", new StreamsException(new StreamsException(bug))));

        // When
        restart();
        take("bad", 7);

        // Then
        assertEquals(
                "java.lang.IllegalStateException",
                RecordHeaders.text(said().getFirst().headers(), RecordHeaders.ERROR));
    }

    @Test
    void record_atWhichKafkaFails_isTakenAgain() {
        // Given
        at(7);
        RuntimeException inAClient = new IllegalStateException("not in a transaction");
        inAClient.setStackTrace(
                new StackTraceElement[] {
                    new StackTraceElement(
                            "org.apache.kafka.clients.producer.internals.TransactionManager",
                            "maybeAddPartition",
                            null,
                            1)
                });
        for (RuntimeException failure :
                List.of(
                        new StreamsException(new InvalidTxnStateException("gone")),
                        new TaskMigratedException("moved", new InvalidTxnStateException("gone")),
                        new TaskMigratedException("moved"),
                        new StreamsException(inAClient))) {
            assertThrows(RuntimeException.class, () -> take("good", failure));
            restart();
        }

        // When
        take("good", 7);

        // Then
        assertEquals(List.of("good"), taken);
        assertEquals(0, letters.count());
    }

    /** A thread of the same process, with a task of its own. */
    private Unread restart() {
        task = new MockProcessorContext<>();
        task.setCurrentSystemTimeMs(NOW);
        at(0);
        unread = letters.of(task);
        return unread;
    }

    private void at(long offset) {
        task.setRecordMetadata("events", 3, offset);
    }

    private RecordMetadata metadata() {
        return task.recordMetadata().orElseThrow();
    }

    private void take(String value, long offset) {
        at(offset);
        unread.orTake(record(value), metadata(), () -> taken.add(value));
    }

    private void take(String value, RuntimeException failure) {
        at(7);
        unread.orTake(
                record(value),
                metadata(),
                () -> {
                    throw failure;
                });
    }

    private List<? extends Record<?, ?>> said() {
        return task.forwarded("dead-letters").stream().map(each -> each.record()).toList();
    }

    private static Record<byte[], byte[]> record(String value) {
        return new Record<>("key".getBytes(UTF_8), value.getBytes(UTF_8), 1);
    }

    private static List<String> headers(Record<?, ?> letter) {
        List<String> headers = new ArrayList<>();
        letter.headers()
                .forEach(each -> headers.add(each.key() + "=" + new String(each.value(), UTF_8)));
        return headers;
    }
}
