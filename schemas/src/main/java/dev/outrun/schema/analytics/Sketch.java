package dev.outrun.schema.analytics;

import com.datadoghq.sketch.ddsketch.DDSketch;
import com.datadoghq.sketch.ddsketch.DDSketches;
import com.datadoghq.sketch.ddsketch.encoding.ByteArrayInput;
import com.datadoghq.sketch.ddsketch.encoding.GrowingByteArrayOutput;
import com.datadoghq.sketch.ddsketch.store.CollapsingLowestDenseStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * Milliseconds, gathered for percentiles: a DDSketch. Its buckets are the same everywhere, so that
 * merging two sketches gives exactly the sketch of all their values, in any order and any number.
 *
 * <p>A percentile {@code q} of {@code n} values is that of rank {@code floor(q * (n - 1))} from 0
 * in their order, off by at most {@link #RELATIVE_ERROR} of itself. Encoded it is in DDSketch's own
 * form with its mapping in it, which its other implementations read, too. Not for two threads.
 */
public final class Sketch {

    /** How far a percentile may be off, as a part of itself. */
    public static final double RELATIVE_ERROR = 0.01;

    /**
     * At 1 % these reach over 17 orders of magnitude: from a microsecond to longer than anybody
     * waits. Beyond, the lowest are put together.
     */
    private static final int BINS_MAX = 2_048;

    private final DDSketch sketch;
    private double max;
    private byte @Nullable [] encoded;

    /** An empty one. */
    public Sketch() {
        this(DDSketches.logarithmicCollapsingLowestDense(RELATIVE_ERROR, BINS_MAX), 0);
    }

    private Sketch(DDSketch sketch, double max) {
        this.sketch = sketch;
        this.max = max;
    }

    /**
     * What was encoded before.
     *
     * @throws IllegalArgumentException if it is not a sketch with our buckets
     */
    public static Sketch decode(byte[] encoded, double max) {
        Sketch decoded = new Sketch();
        decoded.merge(encoded, max);
        return decoded;
    }

    /** Adds a value, zero or more. */
    public void add(double milliseconds) {
        sketch.accept(milliseconds);
        max = Math.max(max, milliseconds);
        encoded = null;
    }

    /** Adds all values of another. */
    public void add(Distribution other) {
        byte[] values = other.sketch();
        Double largest = other.max();
        if (values != null && largest != null) {
            merge(values, largest);
        }
    }

    private void merge(byte[] values, double largest) {
        try {
            sketch.mergeWith(
                    DDSketch.decode(
                            ByteArrayInput.wrap(values),
                            () -> new CollapsingLowestDenseStore(BINS_MAX)));
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException("this is no sketch of ours", e);
        }
        max = Math.max(max, largest);
        encoded = null;
    }

    public boolean isEmpty() {
        return sketch.isEmpty();
    }

    /** The largest value; 0 where there is none. */
    public double max() {
        return max;
    }

    /** The value at a quantile from 0 to 1; there must be one. */
    public double quantile(double q) {
        // No bucket's middle is above what is in it.
        return Math.min(sketch.getValueAtQuantile(q), max);
    }

    /** DDSketch's encoding; callers do not change the array. */
    public byte[] encoded() {
        byte[] known = encoded;
        if (known == null) {
            GrowingByteArrayOutput out = GrowingByteArrayOutput.withDefaultInitialCapacity();
            try {
                sketch.encode(out, false);
            } catch (IOException e) {
                throw new UncheckedIOException(e); // a byte array does not fail
            }
            known = out.trimmedCopy();
            encoded = known;
        }
        return known;
    }

    /** What it tells. */
    public Distribution distribution() {
        return isEmpty()
                ? Distribution.NONE
                : new Distribution(
                        Math.round(sketch.getCount()),
                        quantile(0.5),
                        quantile(0.9),
                        quantile(0.99),
                        max,
                        encoded());
    }
}
