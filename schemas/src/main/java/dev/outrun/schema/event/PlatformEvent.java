package dev.outrun.schema.event;

import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.Tenant;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the data of an event of the platform's own says; one record per type, without what only
 * users read.
 */
public sealed interface PlatformEvent {

    /**
     * {@link EventTypes#REQUESTED}.
     *
     * @param runAt not before; null: at once
     * @param retry null: {@link RetryPolicy#DEFAULT}
     * @param priority the greatest in its queue goes first; -1,000 to 1,000
     * @param concurrencyKey what the queue's limit per key counts it under; null: nothing
     * @param waitFor whose end it waits for before it has an attempt: all, any or so many of its
     *     children; null: nobody's
     * @param timeoutMs how long the run may take from the request or {@code runAt} on,
     *     milliseconds; null: for ever
     * @param attemptTimeoutMs how long each of its attempts may take; null: for ever
     */
    record Requested(
            String handler,
            String queue,
            String tenant,
            @Nullable Instant runAt,
            @Nullable RetryPolicy retry,
            int priority,
            @Nullable String concurrencyKey,
            @Nullable String waitFor,
            @Nullable Long timeoutMs,
            @Nullable Long attemptTimeoutMs)
            implements PlatformEvent {

        public Requested {
            Objects.requireNonNull(handler, "handler");
            Objects.requireNonNull(queue, "queue");
            new Tenant(tenant);
        }
    }

    /** {@link EventTypes#FORKED}: the attempt to come. */
    record Forked(int attempt) implements PlatformEvent {}

    /** {@link EventTypes#ATTEMPT_STARTED}. */
    record AttemptStarted(String worker) implements PlatformEvent {

        public AttemptStarted {
            Objects.requireNonNull(worker, "worker");
        }
    }

    /**
     * {@link EventTypes#ATTEMPT_FAILED}. The code is that of the error, null where it has none: an
     * error may be any JSON.
     */
    record AttemptFailed(boolean retryable, @Nullable String errorCode) implements PlatformEvent {

        /** The code of an attempt whose worker is gone. */
        public static final String ATTEMPT_LOST = "attempt_lost";

        /** The code of an attempt that its worker handed back because it stops. */
        public static final String WORKER_STOPPED = "worker_stopped";

        /** The code of an attempt that took too long. */
        public static final String ATTEMPT_TIMEOUT = "attempt_timeout";

        /** Whether the attempt was ended because it took too long. */
        public boolean isTimeout() {
            return ATTEMPT_TIMEOUT.equals(errorCode);
        }

        /** Whether the attempt ended through no fault of its handler. */
        public boolean isHandedBack() {
            return ATTEMPT_LOST.equals(errorCode) || WORKER_STOPPED.equals(errorCode);
        }
    }

    /** {@link EventTypes#RETRY_SCHEDULED}: the attempt to come, and when. */
    record RetryScheduled(int attempt, Instant at) implements PlatformEvent {

        public RetryScheduled {
            Objects.requireNonNull(at, "at");
        }
    }

    /** {@link EventTypes#SUSPENDED}: until this time, or null, if no signal comes before. */
    record Suspended(@Nullable Instant until) implements PlatformEvent {}

    /** {@link EventTypes#RESUMED}: the attempt to come. */
    record Resumed(int attempt) implements PlatformEvent {}

    /** {@link EventTypes#SIGNAL_RECEIVED}. */
    record SignalReceived() implements PlatformEvent {}

    /** {@link EventTypes#CHILD_STARTED}. */
    record ChildStarted() implements PlatformEvent {}

    /** {@link EventTypes#CHILD_ENDED}. */
    record ChildEnded() implements PlatformEvent {}

    /** {@link EventTypes#CANCEL_REQUESTED}. */
    record CancelRequested(@Nullable String reason) implements PlatformEvent {}

    /** {@link EventTypes#COMPLETED}. */
    record Completed() implements PlatformEvent {}

    /** {@link EventTypes#FAILED}. */
    record Failed() implements PlatformEvent {}

    /** {@link EventTypes#CANCELLED}. */
    record Cancelled() implements PlatformEvent {}

    /**
     * Reads an event's data; null for a user's event, whose data is never looked at.
     *
     * @throws IllegalArgumentException if the data is not what its type says
     */
    static @Nullable PlatformEvent of(String type, byte[] data) {
        return switch (type) {
            case EventTypes.REQUESTED -> WireJson.read(data, Requested.class);
            case EventTypes.FORKED -> WireJson.read(data, Forked.class);
            case EventTypes.ATTEMPT_STARTED -> WireJson.read(data, AttemptStarted.class);
            case EventTypes.ATTEMPT_FAILED -> AttemptFailedReader.read(data);
            case EventTypes.RETRY_SCHEDULED -> WireJson.read(data, RetryScheduled.class);
            case EventTypes.SUSPENDED -> WireJson.read(data, Suspended.class);
            case EventTypes.RESUMED -> WireJson.read(data, Resumed.class);
            case EventTypes.SIGNAL_RECEIVED -> new SignalReceived();
            case EventTypes.CHILD_STARTED -> new ChildStarted();
            case EventTypes.CHILD_ENDED -> new ChildEnded();
            case EventTypes.CANCEL_REQUESTED -> WireJson.read(data, CancelRequested.class);
            case EventTypes.COMPLETED -> new Completed();
            case EventTypes.FAILED -> new Failed();
            case EventTypes.CANCELLED -> new Cancelled();
            default -> null;
        };
    }
}
