package dev.outrun.bench.figure;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;

/** How long things took: each to three digits, up to ten minutes. Thread-safe. */
public final class Ages {

    private static final long MICROS_MAX = 600_000_000;
    private static final double MICROS_PER_MILLI = 1e3;

    private final Histogram micros;

    public Ages() {
        this(new Histogram(MICROS_MAX, 3));
    }

    private Ages(Histogram micros) {
        this.micros = micros;
    }

    /** Another process's, from what its {@link #toText} said. */
    public static Ages parse(String text) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(text));
            return new Ages(Histogram.decodeFromCompressedByteBuffer(bytes, MICROS_MAX));
        } catch (DataFormatException e) {
            throw new IllegalArgumentException("no ages: " + text, e);
        }
    }

    /** On one line. */
    public synchronized String toText() {
        ByteBuffer bytes = ByteBuffer.allocate(micros.getNeededByteBufferCapacity());
        int length = micros.encodeIntoCompressedByteBuffer(bytes);
        return Base64.getEncoder().encodeToString(Arrays.copyOf(bytes.array(), length));
    }

    public synchronized void add(long age) {
        micros.recordValue(Math.clamp(age, 0, MICROS_MAX));
    }

    public synchronized long count() {
        return micros.getTotalCount();
    }

    /** So many percent took no longer, in milliseconds. */
    public synchronized double millis(double percentile) {
        return micros.getValueAtPercentile(percentile) / MICROS_PER_MILLI;
    }

    public synchronized double maxMillis() {
        return micros.getMaxValue() / MICROS_PER_MILLI;
    }
}
