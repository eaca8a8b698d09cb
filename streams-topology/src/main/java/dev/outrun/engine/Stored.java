package dev.outrun.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outrun.engine.run.OpenRun;
import dev.outrun.schema.json.WireJson;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/**
 * How values are stored: one byte of format version, then JSON. Older formats are read; a newer one
 * stops the engine: what it cannot read it must not forget.
 *
 * @param name what it is, in the plural, for that message
 * @param format the version written
 */
record Stored<T>(String name, Class<T> type, byte format, Consumer<ObjectNode> fromFormat1)
        implements Serde<T> {

    /** Open runs. In format 1 the facts named some of what was requested, in their own midst. */
    static final Stored<OpenRun> RUNS =
            new Stored<>("runs", OpenRun.class, (byte) 2, Stored::nestRequest);

    static final Stored<StoredQueue> QUEUES =
            new Stored<>("queues", StoredQueue.class, (byte) 1, json -> {});

    @Override
    public Serializer<T> serializer() {
        return (topic, value) -> value == null ? null : write(value);
    }

    @Override
    public Deserializer<T> deserializer() {
        return (topic, stored) -> stored == null ? null : read(stored);
    }

    private byte[] write(T value) {
        byte[] json = WireJson.write(value);
        byte[] stored = new byte[json.length + 1];
        stored[0] = format;
        System.arraycopy(json, 0, stored, 1, json.length);
        return stored;
    }

    private T read(byte[] stored) {
        byte written = stored.length == 0 ? 0 : stored[0];
        if (written < 1 || written > format) {
            throw new IllegalStateException(
                    "stored "
                            + name
                            + " have format "
                            + written
                            + "; this engine reads 1 to "
                            + format
                            + ": it is older than the one that wrote them");
        }
        try {
            JsonNode json = WireJson.mapper().readTree(stored, 1, stored.length - 1);
            if (written == 1 && json instanceof ObjectNode object) {
                fromFormat1.accept(object);
            }
            return WireJson.mapper().treeToValue(json, type);
        } catch (IOException e) {
            throw new IllegalStateException("stored " + name + " that are no JSON of ours", e);
        }
    }

    private static void nestRequest(ObjectNode run) {
        ObjectNode facts = (ObjectNode) run.required("facts");
        ObjectNode request = facts.putObject("request");
        for (String moved : List.of("tenant", "queue", "handler", "retry")) {
            request.set(moved, facts.remove(moved));
        }
        facts.set("begun_at", facts.get("time")); // only asked for by what format 1 does not know
    }
}
