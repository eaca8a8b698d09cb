package dev.outrun.engine;

import dev.outrun.engine.run.OpenRun;
import dev.outrun.engine.schedule.Schedule;
import dev.outrun.schema.json.WireJson;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/**
 * How values are stored: one byte of format version, then JSON. Older formats are read; a newer one
 * stops the engine: what it cannot read it must not forget.
 *
 * @param name what they are, in the plural, for that message
 * @param formats how the JSON of each format is read, from format 1 on; the last is written
 */
record Stored<T>(String name, List<Function<byte[], T>> formats) implements Serde<T> {

    static final Stored<OpenRun> RUNS =
            new Stored<>(
                    "runs",
                    List.of(
                            json -> WireJson.read(json, RunInFormat1.class).toRun(),
                            json -> WireJson.read(json, OpenRun.class)));

    static final Stored<StoredQueue> QUEUES =
            new Stored<>("queues", List.of(json -> WireJson.read(json, StoredQueue.class)));

    static final Stored<Schedule> SCHEDULES =
            new Stored<>("schedules", List.of(json -> WireJson.read(json, Schedule.class)));

    @Override
    public Serializer<T> serializer() {
        return (topic, value) -> value == null ? null : write(value);
    }

    @Override
    public Deserializer<T> deserializer() {
        return (topic, stored) -> stored == null ? null : read(stored);
    }

    private byte[] write(Object value) {
        byte[] json = WireJson.write(value);
        byte[] stored = new byte[json.length + 1];
        stored[0] = (byte) formats.size();
        System.arraycopy(json, 0, stored, 1, json.length);
        return stored;
    }

    private T read(byte[] stored) {
        int format = stored.length == 0 ? 0 : stored[0];
        if (format < 1 || format > formats.size()) {
            throw new IllegalStateException(
                    "stored "
                            + name
                            + " have format "
                            + format
                            + "; this engine reads 1 to "
                            + formats.size()
                            + ": it is older than the one that wrote them");
        }
        return formats.get(format - 1).apply(Arrays.copyOfRange(stored, 1, stored.length));
    }
}
