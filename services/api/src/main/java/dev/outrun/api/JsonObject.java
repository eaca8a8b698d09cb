package dev.outrun.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object whose fields are known by their exact text: what a caller sent as a value is what
 * is passed on, to the last space. The whole text is checked to be JSON: one object, no field
 * twice, nested at most {@value #DEPTH_MAX} deep, nothing after it.
 */
final class JsonObject {

    /** Deeper nesting is nobody's data, and costs every later reader stack. */
    static final int DEPTH_MAX = 256;

    static final JsonFactory FACTORY =
            JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .streamReadConstraints(
                            StreamReadConstraints.builder().maxNestingDepth(DEPTH_MAX).build())
                    .build();

    /**
     * A field's value.
     *
     * @param json its exact text
     * @param text a string's characters; null for all else
     * @param size how many values an array or object has
     */
    record Value(JsonToken token, String json, @Nullable String text, int size) {}

    private final Map<String, Value> fields;

    private JsonObject(Map<String, Value> fields) {
        this.fields = fields;
    }

    /** Parses a body; throws {@code invalid_json}, naming the place but never the content. */
    static JsonObject parse(@Nullable String body) {
        if (body == null) {
            throw new OutrunException(ErrorCode.INVALID_JSON, "the body is empty, not an object");
        }
        try (JsonParser parser = FACTORY.createParser(body)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new OutrunException(ErrorCode.INVALID_JSON, "the body is not an object");
            }
            Map<String, Value> fields = new LinkedHashMap<>();
            for (String name = parser.nextFieldName();
                    name != null;
                    name = parser.nextFieldName()) {
                fields.put(name, value(parser, parser.nextToken(), body));
            }
            if (parser.nextToken() != null) {
                throw new OutrunException(
                        ErrorCode.INVALID_JSON, "something follows the object in the body");
            }
            return new JsonObject(fields);
        } catch (JsonProcessingException e) {
            throw broken(e);
        } catch (IOException e) {
            throw new IllegalStateException("reading a string failed", e);
        }
    }

    /** What is wrong with a body, naming the place but never the content. */
    static OutrunException broken(JsonProcessingException e) {
        return new OutrunException(
                ErrorCode.INVALID_JSON,
                "the body is not JSON: " + e.getOriginalMessage() + place(e),
                e);
    }

    private static String place(JsonProcessingException e) {
        return e.getLocation() == null
                ? ""
                : " (line "
                        + e.getLocation().getLineNr()
                        + ", column "
                        + e.getLocation().getColumnNr()
                        + ")";
    }

    /** The value that begins with this token; leaves the parser at its end. */
    static Value value(JsonParser parser, JsonToken token, String body) throws IOException {
        int from = (int) parser.currentTokenLocation().getCharOffset();
        String text = token == JsonToken.VALUE_STRING ? parser.getText() : null;
        int size = token.isStructStart() ? skip(parser) : 0;
        parser.finishToken();
        int to = (int) parser.currentLocation().getCharOffset();
        return new Value(token, body.substring(from, to), text, size);
    }

    /** Skips to the end of an object or array; returns how many values it has. */
    private static int skip(JsonParser parser) throws IOException {
        int size = 0;
        int depth = 1;
        while (depth > 0) {
            JsonToken token = parser.nextToken();
            if (token.isStructEnd()) {
                depth--;
            } else if (token != JsonToken.FIELD_NAME) {
                size += depth == 1 ? 1 : 0;
                depth += token.isStructStart() ? 1 : 0;
            }
        }
        return size;
    }

    /** Refuses fields other than these, by name. */
    void allow(Set<String> names) {
        for (String name : fields.keySet()) {
            if (!names.contains(name)) {
                throw invalid("'" + shown(name) + "' is not a field of this request");
            }
        }
    }

    boolean has(String name) {
        return fields.containsKey(name);
    }

    /** A field as it was sent; null where there is none. */
    @Nullable Value value(String name) {
        return fields.get(name);
    }

    /** A field's exact text; {@code null} where there is none. */
    String json(String name) {
        Value value = fields.get(name);
        return value == null ? "null" : value.json();
    }

    /** At most so many strings; null where there are none, or {@code null}. */
    @Nullable List<String> strings(String name, int most) {
        Value value = given(name);
        if (value == null) {
            return null;
        }
        List<String> strings = new ArrayList<>();
        if (value.token() == JsonToken.START_ARRAY && value.size() <= most) {
            try (JsonParser parser = FACTORY.createParser(value.json())) {
                parser.nextToken();
                while (parser.nextToken() == JsonToken.VALUE_STRING) {
                    strings.add(Text.checked(name, parser.getText()));
                }
            } catch (IOException e) {
                throw new IllegalStateException("reading a string failed", e);
            }
        }
        if (strings.size() != value.size() || value.token() != JsonToken.START_ARRAY) {
            throw invalid("'" + name + "' must be an array of at most " + most + " strings");
        }
        return strings;
    }

    /** A string; null where there is none, or {@code null}. */
    @Nullable String string(String name) {
        Value value = given(name);
        if (value == null) {
            return null;
        }
        if (value.text() == null) {
            throw invalid("'" + name + "' must be a string");
        }
        return Text.checked(name, value.text());
    }

    /** A whole number in these bounds; null where there is none, or {@code null}. */
    @Nullable Long integer(String name, long least, long most) {
        Value value = given(name);
        if (value == null) {
            return null;
        }
        try {
            if (value.token() == JsonToken.VALUE_NUMBER_INT) {
                long number = Long.parseLong(value.json());
                if (number >= least && number <= most) {
                    return number;
                }
            }
        } catch (NumberFormatException e) {
            // Falls through: too large for a long is out of bounds as well.
        }
        throw invalid("'" + name + "' must be a whole number, " + least + " to " + most);
    }

    /** True or false; null where there is none, or {@code null}. */
    @Nullable Boolean bool(String name) {
        Value value = given(name);
        if (value != null && !value.token().isBoolean()) {
            throw invalid("'" + name + "' must be true or false");
        }
        return value == null ? null : (Boolean) (value.token() == JsonToken.VALUE_TRUE);
    }

    /** A time; null where there is none, or {@code null}. */
    @Nullable Instant time(String name) {
        String text = string(name);
        try {
            return text == null ? null : Instant.parse(text);
        } catch (DateTimeException e) {
            throw invalid("'" + name + "' must be a time such as 2026-01-31T12:00:00Z");
        }
    }

    /** A field whose value is not {@code null}. */
    private @Nullable Value given(String name) {
        Value value = fields.get(name);
        return value == null || value.token() == JsonToken.VALUE_NULL ? null : value;
    }

    private static OutrunException invalid(String message) {
        return new OutrunException(ErrorCode.INVALID_REQUEST, message);
    }

    private static String shown(String name) {
        return name.length() <= 64 ? name : name.substring(0, 64) + "...";
    }
}
