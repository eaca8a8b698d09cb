package dev.outrun.engine;

import dev.outrun.engine.run.OpenRun;
import dev.outrun.schema.json.WireJson;
import java.util.Arrays;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/**
 * An open run as it is stored: one byte of format version, then JSON. A version newer than this
 * engine's stops the engine: what it cannot read it must not forget.
 */
final class OpenRunSerde implements Serde<OpenRun> {

    static final byte VERSION = 1;

    @Override
    public Serializer<OpenRun> serializer() {
        return (topic, run) -> run == null ? null : write(run);
    }

    @Override
    public Deserializer<OpenRun> deserializer() {
        return (topic, stored) -> stored == null ? null : read(stored);
    }

    private static byte[] write(OpenRun run) {
        byte[] json = WireJson.write(run);
        byte[] stored = new byte[json.length + 1];
        stored[0] = VERSION;
        System.arraycopy(json, 0, stored, 1, json.length);
        return stored;
    }

    private static OpenRun read(byte[] stored) {
        if (stored.length == 0 || stored[0] != VERSION) {
            throw new IllegalStateException(
                    "a stored run has format "
                            + (stored.length == 0 ? "none" : stored[0])
                            + "; this engine reads format "
                            + VERSION
                            + ": it is older than the one that wrote it");
        }
        return WireJson.read(Arrays.copyOfRange(stored, 1, stored.length), OpenRun.class);
    }
}
