package dev.outrun.analytics;

import dev.outrun.schema.analytics.Counter;
import dev.outrun.schema.analytics.Timing;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What one event means.
 *
 * @param run where its run is after it
 * @param counter what it counts as, besides being an event; null for nothing
 * @param timing what ends with it; null for nothing, as is {@code took}
 */
record Measure(
        RunTrack run,
        @Nullable Counter counter,
        @Nullable Timing timing,
        @Nullable Duration took) {}
