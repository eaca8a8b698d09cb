package dev.outrun.analytics;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * A run's track as it is stored: one byte of format version, then its fields in binary, because it
 * is written for every event. A newer version than this one's stops the reader.
 */
final class RunTrackSerde implements Serde<RunTrack> {

    static final byte VERSION = 1;

    private static final int BYTES = 128;

    @Override
    public Serializer<RunTrack> serializer() {
        return (topic, run) -> run == null ? null : write(run);
    }

    @Override
    public Deserializer<RunTrack> deserializer() {
        return (topic, stored) -> stored == null ? null : read(stored);
    }

    private static byte[] write(RunTrack run) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(BYTES);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            out.writeUTF(run.series().tenant());
            out.writeUTF(run.series().queue());
            out.writeUTF(run.series().handler());
            out.writeLong(run.seq());
            instant(out, run.requestedAt());
            instant(out, run.dueAt());
            out.writeInt(run.attempt());
            instant(out, run.startedAt());
            instant(out, run.closedAt());
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a byte array does not fail
        }
        return bytes.toByteArray();
    }

    private static RunTrack read(byte[] stored) {
        Formats.check("run", stored, VERSION);
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(stored))) {
            in.skipNBytes(1);
            Series series = new Series(in.readUTF(), in.readUTF(), in.readUTF());
            long seq = in.readLong();
            Instant requestedAt = instant(in);
            if (requestedAt == null) {
                throw new IllegalStateException("a stored run was never requested");
            }
            return new RunTrack(
                    series, seq, requestedAt, instant(in), in.readInt(), instant(in), instant(in));
        } catch (IOException e) {
            throw new IllegalStateException("a stored run is cut off", e);
        }
    }

    private static void instant(DataOutputStream out, @Nullable Instant instant)
            throws IOException {
        out.writeBoolean(instant != null);
        if (instant != null) {
            out.writeLong(instant.getEpochSecond());
            out.writeInt(instant.getNano());
        }
    }

    private static @Nullable Instant instant(DataInputStream in) throws IOException {
        return in.readBoolean() ? Instant.ofEpochSecond(in.readLong(), in.readInt()) : null;
    }
}
