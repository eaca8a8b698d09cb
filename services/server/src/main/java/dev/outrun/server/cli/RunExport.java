package dev.outrun.server.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.schema.json.RawJson;
import dev.outrun.schema.json.WireJson;
import java.io.IOException;
import java.util.List;

/**
 * A run and its log as one JSON document, to be replayed in a test: {@code
 * {"format":1,"run":…,"queue":…,"children":[…],"events":[…]}}. All of it is as the API gives it, an
 * event an envelope, byte for byte; of an open run there is what it had when the export began.
 */
final class RunExport {

    /** Raised when a reader of the one before could not read it. */
    private static final int FORMAT = 1;

    private static final int EVENTS_AT_ONCE = 1_000;
    private static final int CHILDREN_AT_ONCE = 500;

    private final ApiClient api;
    private final String id;
    private final Appendable out;

    RunExport(ApiClient api, String id, Appendable out) {
        this.api = api;
        this.id = id;
        this.out = out;
    }

    /** Writes it, line by line: a list has a line for each of its elements. */
    void write() throws IOException {
        String run = api.text("/v1/runs/" + RunCommand.encode(id));
        JsonNode facts = WireJson.mapper().readTree(run);
        String queue = api.text("/v1/queues/" + RunCommand.encode(facts.get("queue").asText()));
        out.append("{\"format\":" + FORMAT + ",\n\"run\":")
                .append(run)
                .append(",\n\"queue\":")
                .append(queue)
                .append(",\n\"children\":[");
        writeChildren();
        out.append("],\n\"events\":[");
        writeEvents(facts.get("next_seq").asLong());
        out.append("]}\n");
    }

    private void writeChildren() throws IOException {
        String path = "/v1/runs?parent=" + RunCommand.encode(id) + "&limit=" + CHILDREN_AT_ONCE;
        boolean first = true;
        String cursor = "";
        while (cursor != null) {
            String page = api.text(path + cursor);
            for (String child : elements(page, "runs")) {
                out.append(first ? "\n" : ",\n").append(child);
                first = false;
            }
            JsonNode next = WireJson.mapper().readTree(page).get("next");
            cursor = next.isNull() ? null : RunCommand.parameter("cursor", next.asText());
        }
    }

    private void writeEvents(long end) throws IOException {
        for (long from = 0; from < end; ) {
            long limit = Math.min(EVENTS_AT_ONCE, end - from);
            String path = "/v1/runs/" + RunCommand.encode(id) + "/events";
            List<String> events =
                    elements(api.text(path + "?from=" + from + "&limit=" + limit), "events");
            if (events.isEmpty()) {
                throw new IOException("the server's page from " + from + " on is empty");
            }
            for (String event : events) {
                out.append(from == 0 ? "\n" : ",\n").append(event);
                from++;
            }
        }
    }

    /** The elements of an object's array of this name, as they are written. */
    private static List<String> elements(String object, String array) throws IOException {
        String elements = RawJson.fields(object).get(array);
        if (elements == null) {
            throw new IOException("no " + array + " in the server's answer");
        }
        return RawJson.elements(elements);
    }
}
