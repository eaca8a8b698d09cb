package dev.outrun.ledger;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A run as the ledger has it.
 *
 * @param topicless whether it has no topic of its own, and never had one
 * @param attempt the live attempt, or the last one; 0 before the first
 * @param nextSeq how many events its log has
 * @param input JSON text, as are output and error
 * @param fork null for a run of its own
 * @param parent the run that has started it; null for a run of its own
 * @param schedule the schedule that has started it; null for none
 * @param scheduledAt the occurrence it was started for; null where somebody triggered it
 * @param topicDeletedAt when its topic was given up, after the retention; null while it has one
 * @param halted null while all of its events can be published
 */
public record Run(
        RunId id,
        Tenant tenant,
        String queue,
        String handler,
        int shard,
        boolean topicless,
        int priority,
        @Nullable String concurrencyKey,
        RunStatus status,
        int attempt,
        long nextSeq,
        String input,
        @Nullable String output,
        @Nullable String error,
        @Nullable String idempotencyKey,
        @Nullable Fork fork,
        @Nullable RunId parent,
        @Nullable String schedule,
        @Nullable Instant scheduledAt,
        int children,
        int childrenEnded,
        @Nullable Instant runAt,
        Instant createdAt,
        Instant updatedAt,
        @Nullable Instant finishedAt,
        @Nullable Instant topicDeletedAt,
        @Nullable Halted halted) {

    /**
     * What a fork's log begins with.
     *
     * @param at how many events of that run
     */
    public record Fork(RunId from, long at) {}

    /**
     * Why nothing of the run is published from a seq on.
     *
     * @param badSeq the first seq of the append that cannot be published
     */
    public record Halted(long nextSeq, long badSeq, String reason, Instant since) {}
}
