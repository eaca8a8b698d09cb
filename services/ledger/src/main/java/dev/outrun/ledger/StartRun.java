package dev.outrun.ledger;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What it takes to start a run.
 *
 * @param id minted ahead; null lets the database mint one
 * @param input JSON text, at most 1 MiB
 * @param runAt not before this time; null is at once
 * @param retry JSON text of a {@link dev.outrun.schema.event.RetryPolicy}; null is the default
 *     policy
 * @param priority of the runs that wait in a queue, the greatest goes first; -1,000 to 1,000
 * @param concurrencyKey what the queue's limit per key counts it under; null is nothing
 * @param timeoutMs how long the run may take, milliseconds, from its start or {@code runAt} on;
 *     null is for ever
 * @param attemptTimeoutMs how long each of its attempts may take; null is for ever
 * @param child whose child it is; null is nobody's
 * @param waitFor {@code all}, {@code any} or a number: of how many of its children it awaits the
 *     end before its first attempt; null is of none
 * @param dedupe null starts a run whatever was started before
 * @param scheduled the schedule that it is started by; null is none
 */
public record StartRun(
        @Nullable RunId id,
        Tenant tenant,
        String queue,
        String handler,
        String input,
        @Nullable String idempotencyKey,
        @Nullable Instant runAt,
        @Nullable String retry,
        int priority,
        @Nullable String concurrencyKey,
        @Nullable Long timeoutMs,
        @Nullable Long attemptTimeoutMs,
        @Nullable Child child,
        @Nullable String waitFor,
        @Nullable Dedupe dedupe,
        @Nullable Scheduled scheduled) {

    public static final String DEFAULT_QUEUE = "default";

    /**
     * A start that is the run an earlier one of its queue has started with the same key.
     *
     * @param windowMs how long after that start, milliseconds, at most 366 days; null is while that
     *     run is open
     */
    public record Dedupe(String key, @Nullable Long windowMs) {}

    /**
     * What a schedule starts.
     *
     * @param at the occurrence; null is out of turn
     */
    public record Scheduled(String schedule, @Nullable Instant at) {}

    /**
     * A run that another one has started.
     *
     * @param failsParent whether the parent fails when this one does, or is cancelled
     * @param detached whether it goes on when its parent has ended; else it is cancelled
     */
    public record Child(RunId parent, boolean failsParent, boolean detached) {}

    /** A run of this handler with this input, and nothing else said. */
    public static StartRun of(String handler, String input) {
        return with(handler, input).build();
    }

    /** A run of this handler with this input, and what is to be said of it. */
    public static Builder with(String handler, String input) {
        return new Builder(handler, input);
    }

    /** The same, to be said anew. */
    public Builder toBuilder() {
        return new Builder(handler, input)
                .id(id)
                .tenant(tenant)
                .queue(queue)
                .idempotencyKey(idempotencyKey)
                .runAt(runAt)
                .retry(retry)
                .priority(priority)
                .concurrencyKey(concurrencyKey)
                .timeoutMs(timeoutMs)
                .attemptTimeoutMs(attemptTimeoutMs)
                .child(child)
                .waitFor(waitFor)
                .dedupe(dedupe)
                .scheduled(scheduled);
    }

    /** What is said of a run; what is not has the default. */
    public static final class Builder {

        private final String handler;
        private final String input;
        private @Nullable RunId id;
        private Tenant tenant = Tenant.DEFAULT;
        private String queue = DEFAULT_QUEUE;
        private @Nullable String idempotencyKey;
        private @Nullable Instant runAt;
        private @Nullable String retry;
        private int priority;
        private @Nullable String concurrencyKey;
        private @Nullable Long timeoutMs;
        private @Nullable Long attemptTimeoutMs;
        private @Nullable Child child;
        private @Nullable String waitFor;
        private @Nullable Dedupe dedupe;
        private @Nullable Scheduled scheduled;

        private Builder(String handler, String input) {
            this.handler = handler;
            this.input = input;
        }

        public Builder id(@Nullable RunId value) {
            id = value;
            return this;
        }

        public Builder tenant(Tenant value) {
            tenant = value;
            return this;
        }

        public Builder queue(String value) {
            queue = value;
            return this;
        }

        public Builder idempotencyKey(@Nullable String value) {
            idempotencyKey = value;
            return this;
        }

        public Builder runAt(@Nullable Instant value) {
            runAt = value;
            return this;
        }

        public Builder retry(@Nullable String value) {
            retry = value;
            return this;
        }

        public Builder priority(int value) {
            priority = value;
            return this;
        }

        public Builder concurrencyKey(@Nullable String value) {
            concurrencyKey = value;
            return this;
        }

        public Builder timeoutMs(@Nullable Long value) {
            timeoutMs = value;
            return this;
        }

        public Builder attemptTimeoutMs(@Nullable Long value) {
            attemptTimeoutMs = value;
            return this;
        }

        public Builder child(@Nullable Child value) {
            child = value;
            return this;
        }

        public Builder waitFor(@Nullable String value) {
            waitFor = value;
            return this;
        }

        public Builder dedupe(@Nullable Dedupe value) {
            dedupe = value;
            return this;
        }

        public Builder scheduled(@Nullable Scheduled value) {
            scheduled = value;
            return this;
        }

        public StartRun build() {
            return new StartRun(
                    id,
                    tenant,
                    queue,
                    handler,
                    input,
                    idempotencyKey,
                    runAt,
                    retry,
                    priority,
                    concurrencyKey,
                    timeoutMs,
                    attemptTimeoutMs,
                    child,
                    waitFor,
                    dedupe,
                    scheduled);
        }
    }
}
