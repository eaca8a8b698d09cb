package dev.outrun.worker;

import com.fasterxml.jackson.core.JsonParser;
import dev.outrun.schema.json.WireJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** JSON that is written already: it is kept byte for byte. */
public record JsonText(String json) {

    /**
     * Checks that it is one JSON value.
     *
     * @throws IllegalArgumentException if it is not
     */
    public JsonText {
        try (JsonParser parser = WireJson.mapper().createParser(json)) {
            boolean one = parser.nextToken() != null;
            parser.skipChildren();
            if (!one || parser.nextToken() != null) {
                throw new IllegalArgumentException("not one JSON value");
            }
        } catch (IOException e) {
            throw new IllegalArgumentException("not JSON", e);
        }
    }

    /**
     * The JSON of any value.
     *
     * @throws IllegalArgumentException if it has none
     */
    static String of(@Nullable Object value) {
        return switch (value) {
            case null -> "null";
            case JsonText(String json) -> json;
            default -> new String(WireJson.write(value), StandardCharsets.UTF_8);
        };
    }
}
