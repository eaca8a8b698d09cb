package dev.outrun.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.stream.Stream;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionAbortableException;
import org.apache.kafka.common.errors.TransactionAbortedException;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class ThreadRestartTest {

    static Stream<ApiException> ofBroker() {
        return Stream.of(
                new InvalidTxnStateException("no transaction"),
                new ProducerFencedException("another has its id"),
                new InvalidProducerEpochException("an old epoch"),
                new InvalidPidMappingException("forgotten"),
                new TransactionAbortableException("aborted"),
                new TransactionAbortedException("aborted"),
                new TimeoutException("no answer"));
    }

    @ParameterizedTest
    @MethodSource("ofBroker")
    void failure_ofATransactionThatIsGivenUp_isTheBrokers(ApiException root) {
        // When / Then
        assertSame(
                root,
                ThreadRestart.reasonOfBroker(
                        new StreamsException("task 0_1", new StreamsException(root))));
    }

    static Stream<Throwable> ofOurs() {
        return Stream.of(
                new IllegalStateException("a bug"),
                new OutOfMemoryError("heap"),
                new StreamsException("a bug", new NullPointerException()),
                new StreamsException("too large", new RecordTooLargeException("3 MiB")),
                new StreamsException("not allowed", new TopicAuthorizationException("tasks")));
    }

    @ParameterizedTest
    @MethodSource("ofOurs")
    void failure_ofAnythingElse_isNot(Throwable failure) {
        // When / Then
        assertNull(ThreadRestart.reasonOfBroker(failure));
    }

    @Test
    void thread_whateverHasFailed_isReplaced() {
        // Given
        ThreadRestart restart = new ThreadRestart("engine");

        // When / Then
        assertEquals(
                StreamThreadExceptionResponse.REPLACE_THREAD,
                restart.handle(new IllegalStateException("a bug")));
        assertEquals(
                StreamThreadExceptionResponse.REPLACE_THREAD,
                restart.handle(new StreamsException(new InvalidTxnStateException("gone"))));
    }
}
