package dev.outrun.schema.json;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.IOException;

/**
 * The one JSON mapping: snake_case names, ISO-8601 times, absent instead of null, unknown fields
 * passed over so that an older reader understands a newer writer.
 */
public final class WireJson {

    /**
     * Users' JSON is bounded by the ledger, in bytes. Jackson's own bounds on its shape (a number
     * of 1,000 digits, a depth of 1,000) would make an event unreadable that the ledger accepted.
     */
    private static final StreamReadConstraints ANY_SHAPE =
            StreamReadConstraints.builder()
                    .maxNestingDepth(Integer.MAX_VALUE)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .build();

    private static final JsonMapper MAPPER =
            JsonMapper.builder(JsonFactory.builder().streamReadConstraints(ANY_SHAPE).build())
                    .addModule(new JavaTimeModule())
                    .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                    .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
                    .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
                    .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .defaultPropertyInclusion(
                            JsonInclude.Value.construct(
                                    JsonInclude.Include.NON_NULL, JsonInclude.Include.NON_NULL))
                    .build();

    private WireJson() {}

    /** The mapper itself, for trees; callers do not reconfigure it. */
    public static JsonMapper mapper() {
        return MAPPER;
    }

    /** A value's JSON, UTF-8, on one line. */
    public static byte[] write(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("no JSON for a " + value.getClass().getName(), e);
        }
    }

    /**
     * Reads one value.
     *
     * @throws IllegalArgumentException if the bytes are not JSON, not of that type, or {@code null}
     */
    public static <T> T read(byte[] json, Class<T> type) {
        try {
            T value = MAPPER.readValue(json, type);
            if (value == null) {
                throw new IllegalArgumentException("null is not a " + type.getSimpleName());
            }
            return value;
        } catch (IOException e) {
            throw new IllegalArgumentException("not the JSON of a " + type.getSimpleName(), e);
        }
    }
}
