package dev.outrun.server;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.ApplicationRecoverableException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TransactionAbortableException;
import org.apache.kafka.common.errors.TransactionAbortedException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has a stream thread that failed replaced by another, which begins with the last commit. Where a
 * broker has given a transaction up, or has not answered for long, that is all there is to do and
 * nobody need look at it: it is a warning. Everything else is an error, with its stack.
 */
final class ThreadRestart implements StreamsUncaughtExceptionHandler {

    private static final Logger log = LoggerFactory.getLogger(ThreadRestart.class);

    private final String role;

    /** For threads of this role: {@code engine}, say. */
    ThreadRestart(String role) {
        this.role = role;
    }

    @Override
    public StreamThreadExceptionResponse handle(Throwable failure) {
        ApiException ofBroker = reasonOfBroker(failure);
        if (ofBroker == null) {
            log.error("{} thread failed and starts again from its last commit", role, failure);
        } else {
            log.warn("{} thread restarted reason={}", role, ofBroker.toString());
        }
        return StreamThreadExceptionResponse.REPLACE_THREAD;
    }

    /** Why a broker would not go on with what a thread had begun; null where it was not that. */
    static @Nullable ApiException reasonOfBroker(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return switch (root) {
            case ApplicationRecoverableException fenced -> fenced;
            case InvalidTxnStateException ended -> ended;
            case TransactionAbortableException aborted -> aborted;
            case TransactionAbortedException aborted -> aborted;
            case RetriableException away -> away;
            default -> null;
        };
    }
}
