package dev.outrun.api;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A JSON text as the values that it gives at once: an array's, or the one that it is. */
final class JsonValues {

    private JsonValues() {}

    /**
     * The exact text of each. Throws {@code invalid_json}, as {@link JsonObject#parse} does, for a
     * text that is no JSON, or more than one value.
     */
    static List<String> split(String body) {
        List<String> values = new ArrayList<>();
        try (JsonParser parser = JsonObject.FACTORY.createParser(body)) {
            JsonToken token = parser.nextToken();
            if (token == null) {
                throw new OutrunException(ErrorCode.INVALID_JSON, "the body is empty, not JSON");
            } else if (token == JsonToken.START_ARRAY) {
                for (token = parser.nextToken();
                        token != JsonToken.END_ARRAY;
                        token = parser.nextToken()) {
                    values.add(JsonObject.value(parser, token, body).json());
                }
            } else {
                // After a number nothing says that it ends but what follows.
                values.add(JsonObject.value(parser, token, body).json().trim());
            }
            if (parser.nextToken() != null) {
                throw new OutrunException(
                        ErrorCode.INVALID_JSON, "something follows the value in the body");
            }
            return values;
        } catch (JsonProcessingException e) {
            throw JsonObject.broken(e);
        } catch (IOException e) {
            throw new IllegalStateException("reading a string failed", e);
        }
    }
}
