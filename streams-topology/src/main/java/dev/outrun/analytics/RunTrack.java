package dev.outrun.analytics;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What has to be known of a run to measure its next event.
 *
 * @param seq the last event that was counted: what is not above it comes a second time
 * @param dueAt when the next attempt may start at the earliest; null where none is waited for
 * @param attempt the attempt that started last; 0 before the first
 * @param startedAt when it did; null before, and after its first event of a user's
 * @param closedAt when the run ended; null while it is open
 */
record RunTrack(
        Series series,
        long seq,
        Instant requestedAt,
        @Nullable Instant dueAt,
        int attempt,
        @Nullable Instant startedAt,
        @Nullable Instant closedAt) {}
