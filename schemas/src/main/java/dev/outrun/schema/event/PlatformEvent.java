package dev.outrun.schema.event;

import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.Tenant;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What the data of an event of the platform's own says; one record per type, without what only
 * users read.
 */
public sealed interface PlatformEvent {

    /**
     * {@link EventTypes#REQUESTED}. Null run-at: at once; null retry: {@link RetryPolicy#DEFAULT}.
     */
    record Requested(
            String handler,
            String queue,
            String tenant,
            @Nullable Instant runAt,
            @Nullable RetryPolicy retry)
            implements PlatformEvent {

        public Requested {
            new Tenant(tenant);
        }
    }

    /** {@link EventTypes#ATTEMPT_STARTED}. */
    record AttemptStarted(String worker) implements PlatformEvent {}

    /** {@link EventTypes#ATTEMPT_FAILED}. */
    record AttemptFailed(boolean retryable) implements PlatformEvent {}

    /** {@link EventTypes#RETRY_SCHEDULED}: the attempt to come, and when. */
    record RetryScheduled(int attempt, Instant at) implements PlatformEvent {}

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
            case EventTypes.ATTEMPT_STARTED -> WireJson.read(data, AttemptStarted.class);
            case EventTypes.ATTEMPT_FAILED -> WireJson.read(data, AttemptFailed.class);
            case EventTypes.RETRY_SCHEDULED -> WireJson.read(data, RetryScheduled.class);
            case EventTypes.CANCEL_REQUESTED -> WireJson.read(data, CancelRequested.class);
            case EventTypes.COMPLETED -> new Completed();
            case EventTypes.FAILED -> new Failed();
            case EventTypes.CANCELLED -> new Cancelled();
            default -> null;
        };
    }
}
