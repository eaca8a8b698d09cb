package dev.outrun.worker;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.schema.json.WireJson;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Reads values of a handler's out of the data of events. */
final class Stored {

    /** The code of an attempt that finds in its run's log what it cannot read. */
    static final String UNREADABLE = "unreadable_value";

    private Stored() {}

    /**
     * The value at this place of the data; null for JSON's null.
     *
     * @throws NonRetryableException if it is no value of this type: it never will be
     */
    static <T> @Nullable T read(byte[] data, String at, Class<T> type, String what) {
        try {
            if (type == JsonText.class) {
                JsonNode value = WireJson.mapper().readTree(data).at(JsonPointer.compile(at));
                return type.cast(new JsonText(value.toString()));
            }
            return WireJson.mapper().readerFor(type).at(at).readValue(data);
        } catch (IOException e) {
            throw new NonRetryableException(UNREADABLE, what + " is no " + type.getSimpleName(), e);
        }
    }

    /** The same; null is no value of any type. */
    static <T> T readSome(byte[] data, String at, Class<T> type, String what) {
        T value = read(data, at, type, what);
        if (value == null) {
            throw new NonRetryableException(UNREADABLE, what + " is null");
        }
        return value;
    }
}
