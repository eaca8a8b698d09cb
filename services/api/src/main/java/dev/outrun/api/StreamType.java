package dev.outrun.api;

import dev.outrun.ledger.StreamEvents;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.json.WireJson;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A stream's content type, and with it how bodies become messages and messages bodies. A JSON
 * stream keeps the bounds of its messages; of any other only the bytes count.
 *
 * @param text as the stream was made with, parameters included
 */
record StreamType(String text) {

    static final StreamType JSON = new StreamType("application/json");

    /** A message of text or bytes is at most so much of a body: as JSON it is below 1 MiB. */
    private static final int PART_CHARACTERS_MAX = 128 * 1024;

    private static final int PART_BYTES_MAX = 512 * 1024;

    private String mediaType() {
        return text.split(";", 2)[0].trim().toLowerCase(Locale.ROOT);
    }

    boolean isJson() {
        return mediaType().equals(JSON.text());
    }

    /** Whether it can be in an event stream as it is; else as base64. */
    boolean isText() {
        return isJson() || mediaType().startsWith("text/");
    }

    /**
     * A body as events to be appended; null where it is a JSON array of nothing. Throws {@code
     * invalid_json}.
     */
    @Nullable String events(byte[] body) {
        List<String> events = new ArrayList<>();
        if (isJson()) {
            for (String value : JsonValues.split(Body.text(body))) {
                events.add(event(StreamEvents.JSON, value));
            }
        } else {
            String characters = isText() ? characters(body) : null;
            if (characters == null) {
                addBytes(body, events);
            } else {
                addText(characters, events);
            }
        }
        return events.isEmpty() ? null : "[" + String.join(",", events) + "]";
    }

    /** Text that Postgres has; null for anything else. */
    private static @Nullable String characters(byte[] body) {
        try {
            String characters =
                    StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
            return characters.indexOf('\0') < 0 ? characters : null;
        } catch (CharacterCodingException e) {
            return null; // it is kept as bytes
        }
    }

    private static void addText(String characters, List<String> events) {
        for (int from = 0; from < characters.length(); ) {
            int to = Math.min(characters.length(), from + PART_CHARACTERS_MAX);
            if (to < characters.length() && Character.isLowSurrogate(characters.charAt(to))) {
                to--;
            }
            byte[] json = WireJson.write(characters.substring(from, to));
            events.add(event(StreamEvents.TEXT, new String(json, StandardCharsets.UTF_8)));
            from = to;
        }
    }

    private static void addBytes(byte[] body, List<String> events) {
        for (int from = 0; from < body.length; from += PART_BYTES_MAX) {
            byte[] part =
                    Arrays.copyOfRange(body, from, Math.min(body.length, from + PART_BYTES_MAX));
            String base64 = Base64.getEncoder().encodeToString(part);
            events.add(event(StreamEvents.BYTES, '"' + base64 + '"'));
        }
    }

    private static String event(String type, String data) {
        return "{\"type\":\"" + type + "\",\"data\":" + data + "}";
    }

    /** An event as a message; null where it is none. */
    byte @Nullable [] message(Event event) {
        boolean string =
                event.type().equals(StreamEvents.TEXT) || event.type().equals(StreamEvents.BYTES);
        if (event.type().equals(StreamEvents.JSON) || (string && isJson())) {
            return event.data();
        } else if (!string) {
            return null;
        }
        try {
            String data = WireJson.read(event.data(), String.class);
            return event.type().equals(StreamEvents.TEXT)
                    ? data.getBytes(StandardCharsets.UTF_8)
                    : Base64.getDecoder().decode(data);
        } catch (IllegalArgumentException e) {
            return null; // somebody has written it past the streams
        }
    }

    /** Messages as one body. */
    byte[] join(List<byte[]> messages) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        if (isJson()) {
            body.write('[');
        }
        for (int i = 0; i < messages.size(); i++) {
            if (isJson() && i > 0) {
                body.write(',');
            }
            body.writeBytes(messages.get(i));
        }
        if (isJson()) {
            body.write(']');
        }
        return body.toByteArray();
    }
}
