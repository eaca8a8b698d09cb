package dev.outrun.schema.work;

import java.time.Instant;

/**
 * A run's current state, as the engine sees it: the value in the compacted runs topic.
 *
 * @param status a {@link dev.outrun.schema.run.RunStatus} text
 * @param seq the last event it has seen
 * @param updatedAt that event's time
 */
public record RunView(
        String run,
        String tenant,
        String queue,
        String handler,
        String status,
        int attempt,
        long seq,
        Instant updatedAt) {}
