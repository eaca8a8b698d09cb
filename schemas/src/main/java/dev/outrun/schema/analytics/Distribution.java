package dev.outrun.schema.analytics;

import org.jspecify.annotations.Nullable;

/**
 * How long something took, in milliseconds, told by a {@link Sketch}. All but the count are null
 * where nothing was measured.
 *
 * @param count how many were measured
 * @param p50 the median, within {@link Sketch#RELATIVE_ERROR}, as are the other percentiles
 * @param max the largest, exactly
 * @param sketch what percentiles of several can be merged from, see {@link Sketch}; callers do not
 *     change the array
 */
@SuppressWarnings("ArrayRecordComponent") // encoded once, passed through; nobody compares them
public record Distribution(
        long count,
        @Nullable Double p50,
        @Nullable Double p90,
        @Nullable Double p99,
        @Nullable Double max,
        byte @Nullable [] sketch) {

    /** Of nothing. */
    public static final Distribution NONE = new Distribution(0, null, null, null, null, null);
}
