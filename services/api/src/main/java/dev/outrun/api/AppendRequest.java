package dev.outrun.api;

import com.fasterxml.jackson.core.JsonToken;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.json.WireJson;

/**
 * Events that a body asks to append: one, as {@code type} and {@code data}, or many, as {@code
 * events}.
 *
 * @param events an array, as the ledger takes it
 */
record AppendRequest(String events, int count) {

    /** Reads them; the ledger checks what they are. */
    static AppendRequest read(JsonObject body) {
        return body.has("events") ? many(body) : one(body);
    }

    /** Of {@code events} alone. */
    static AppendRequest many(JsonObject body) {
        JsonObject.Value events = body.value("events");
        if (events == null || events.token() != JsonToken.START_ARRAY) {
            throw new OutrunException(ErrorCode.INVALID_EVENTS, "'events' must be an array");
        }
        return new AppendRequest(events.json(), events.size());
    }

    /** What the caller is told. */
    byte[] answer(long first) {
        return WireJson.write(new Appended(first, first + count));
    }

    private record Appended(long first, long next) {}

    private static AppendRequest one(JsonObject body) {
        if (!body.has("type")) {
            throw new OutrunException(ErrorCode.INVALID_EVENTS, "'type' is missing");
        }
        return new AppendRequest(
                "[{\"type\":" + body.json("type") + ",\"data\":" + body.json("data") + "}]", 1);
    }
}
