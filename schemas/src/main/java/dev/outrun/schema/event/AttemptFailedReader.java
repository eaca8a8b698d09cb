package dev.outrun.schema.event;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.outrun.schema.json.WireJson;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code {"error": ..., "retryable": ...}} token by token: the error is a user's, any JSON of
 * up to a mebibyte, and no value is made of it.
 */
final class AttemptFailedReader {

    private AttemptFailedReader() {}

    /**
     * Reads one.
     *
     * @throws IllegalArgumentException if the data is not a JSON object
     */
    static PlatformEvent.AttemptFailed read(byte[] data) {
        try (JsonParser json = WireJson.mapper().createParser(data)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new IllegalArgumentException("a failed attempt's data is not an object");
            }
            boolean retryable = false;
            String errorCode = null;
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String field = json.currentName();
                JsonToken value = json.nextToken();
                if (field.equals("retryable")) {
                    retryable = value == JsonToken.VALUE_TRUE;
                    json.skipChildren();
                } else if (field.equals("error") && value == JsonToken.START_OBJECT) {
                    errorCode = codeOfError(json);
                } else {
                    json.skipChildren();
                }
            }
            return new PlatformEvent.AttemptFailed(retryable, errorCode);
        } catch (IOException e) {
            throw new IllegalArgumentException("a failed attempt's data is not JSON", e);
        }
    }

    private static @Nullable String codeOfError(JsonParser json) throws IOException {
        String code = null;
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            JsonToken value = json.nextToken();
            if (field.equals("code") && value == JsonToken.VALUE_STRING) {
                code = json.getText();
            } else {
                json.skipChildren();
            }
        }
        return code;
    }
}
