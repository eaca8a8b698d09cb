package dev.outrun.worker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.schema.json.WireJson;

/** A run's input. What does not fit is a {@link NonRetryableException}: it never will. */
public final class Input {

    /** The code of a run whose input its handler cannot read. */
    public static final String INVALID = "invalid_input";

    private final String json;

    /** An input of this JSON text. */
    public Input(String json) {
        this.json = json;
    }

    /** The JSON text, byte for byte as the run was started with. */
    public String json() {
        return json;
    }

    /** The whole input as a value of this type, snake_case names for camelCase fields. */
    public <T> T as(Class<T> type) {
        try {
            return WireJson.mapper().readValue(json, type);
        } catch (JsonProcessingException e) {
            throw new NonRetryableException(INVALID, "the input is no " + type.getSimpleName(), e);
        }
    }

    /** The whole input as a tree. */
    public JsonNode tree() {
        return as(JsonNode.class);
    }

    /** One field of the input; a missing node where there is none. */
    public JsonNode field(String name) {
        return tree().path(name);
    }
}
