package dev.outrun.api.hub;

import java.util.ArrayList;
import java.util.List;

/** What a client makes of an event stream, by the rules of the WHATWG. */
public final class SseText {

    /** One dispatched event. */
    public record Message(String id, String event, String data) {}

    private SseText() {}

    /** All complete events in the text. */
    public static List<Message> parse(String text) {
        List<Message> messages = new ArrayList<>();
        String id = "";
        String event = "message";
        List<String> data = new ArrayList<>();
        for (String line : text.split("\r\n|\n|\r", -1)) {
            int colon = line.indexOf(':');
            if (line.isEmpty()) {
                if (!data.isEmpty()) {
                    messages.add(new Message(id, event, String.join("\n", data)));
                }
                event = "message";
                data.clear();
            } else if (colon > 0) {
                String value = line.substring(colon + 1);
                value = value.startsWith(" ") ? value.substring(1) : value;
                switch (line.substring(0, colon)) {
                    case "id" -> id = value;
                    case "event" -> event = value;
                    case "data" -> data.add(value);
                    default -> {
                        // retry, and what clients pass over
                    }
                }
            }
        }
        return messages;
    }
}
