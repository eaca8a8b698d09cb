package dev.outrun.analytics;

import dev.outrun.schema.analytics.Counter;
import dev.outrun.schema.analytics.Sketch;
import dev.outrun.schema.analytics.Timing;
import dev.outrun.schema.analytics.WindowSum;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/**
 * A window as it is stored: one byte of format version, then its counts and sketches in binary. It
 * is written for every event, so a sketch is encoded only after it has changed. A newer version
 * than this one's stops the reader.
 */
final class WindowSumSerde implements Serde<WindowSum> {

    static final byte VERSION = 1;

    /** The order on disk; another one is another version. */
    private static final List<Counter> COUNTERS =
            List.of(
                    Counter.REQUESTED,
                    Counter.STARTED,
                    Counter.COMPLETED,
                    Counter.FAILED,
                    Counter.CANCELLED,
                    Counter.RETRIED,
                    Counter.EVENTS,
                    Counter.BYTES);

    private static final List<Timing> TIMINGS =
            List.of(Timing.QUEUE_WAIT, Timing.DURATION, Timing.FIRST_EVENT);

    private static final int BYTES = 512;

    @Override
    public Serializer<WindowSum> serializer() {
        return (topic, window) -> window == null ? null : write(window);
    }

    @Override
    public Deserializer<WindowSum> deserializer() {
        return (topic, stored) -> stored == null ? null : read(stored);
    }

    private static byte[] write(WindowSum window) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(BYTES);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            for (Counter counter : COUNTERS) {
                out.writeLong(window.count(counter));
            }
            for (Timing timing : TIMINGS) {
                Sketch sketch = window.sketch(timing);
                byte[] encoded = sketch.isEmpty() ? new byte[0] : sketch.encoded();
                out.writeDouble(sketch.max());
                out.writeInt(encoded.length);
                out.write(encoded);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a byte array does not fail
        }
        return bytes.toByteArray();
    }

    private static WindowSum read(byte[] stored) {
        Formats.check("window", stored, VERSION);
        WindowSum window = new WindowSum();
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(stored))) {
            in.skipNBytes(1);
            for (Counter counter : COUNTERS) {
                window.count(counter, in.readLong());
            }
            for (Timing timing : TIMINGS) {
                double max = in.readDouble();
                byte[] encoded = in.readNBytes(in.readInt());
                if (encoded.length > 0) {
                    window.replace(timing, Sketch.decode(encoded, max));
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException("a stored window is cut off", e);
        }
        return window;
    }
}
