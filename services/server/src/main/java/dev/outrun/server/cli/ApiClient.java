package dev.outrun.server.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.json.WireJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The API as the command line and tests call it. Every refusal is an {@link OutrunException} with
 * the server's code, {@code unavailable} where nobody answers. Methods block; any thread may call
 * them.
 */
public final class ApiClient {

    private static final Duration CONNECT_MAX = Duration.ofSeconds(5);
    private static final int RECONNECTS_MAX = 10;
    private static final int OK_MAX = 299;
    private static final int NO_CONTENT = 204;

    private final URI url;
    private final @Nullable String key;
    private final @Nullable String tenant;
    private final HttpClient http = HttpClient.newBuilder().connectTimeout(CONNECT_MAX).build();

    /** A client of the API at this URL, such as {@code http://127.0.0.1:8080}. */
    public ApiClient(URI url) {
        this(url, null, null);
    }

    /**
     * The same, that shows who calls.
     *
     * @param key a key or a token; null shows nothing
     * @param tenant whom it calls for; null is the key's own
     */
    public ApiClient(URI url, @Nullable String key, @Nullable String tenant) {
        this.url = url;
        this.key = key;
        this.tenant = tenant;
    }

    /**
     * One event of a followed run.
     *
     * @param envelope its JSON text, as it came
     */
    public record Line(long seq, String type, String envelope) {

        /** The event's data, as JSON text without needless spaces. */
        public String data() {
            return json(envelope).get("data").toString();
        }
    }

    /**
     * Starts a run and returns it.
     *
     * @param input JSON text
     * @param more further fields of the request
     */
    public JsonNode start(String handler, String input, ObjectNode more) {
        json(input); // refused here with a clear word; sent as it is, byte for byte
        ObjectNode body = more.deepCopy().put("handler", handler);
        body.putRawValue("input", new RawValue(input));
        return call(request("/v1/runs").POST(BodyPublishers.ofString(body.toString())).build());
    }

    /** The same, with nothing more said. */
    public JsonNode start(String handler, String input) {
        return start(handler, input, WireJson.mapper().createObjectNode());
    }

    /** Asks for a run's end and returns the run. */
    public JsonNode cancel(String id, @Nullable String reason) {
        ObjectNode body = WireJson.mapper().createObjectNode();
        if (reason != null) {
            body.put("reason", reason);
        }
        return call(
                request("/v1/runs/" + RunCommand.encode(id) + "/cancel")
                        .POST(BodyPublishers.ofString(body.toString()))
                        .build());
    }

    /** Tells a run something, JSON text; answers where it is in the log. */
    public JsonNode signal(String id, String name, String data) {
        json(data);
        return call(
                request("/v1/runs/" + RunCommand.encode(id) + "/signals/" + RunCommand.encode(name))
                        .POST(BodyPublishers.ofString(data))
                        .build());
    }

    /** Says that the cause of a run's halting is mended, and returns the run. */
    public JsonNode resolve(String id) {
        return post("/v1/runs/" + RunCommand.encode(id) + "/resolve");
    }

    /** What the call without a body at this path answers. */
    public JsonNode post(String path) {
        return call(request(path).POST(BodyPublishers.noBody()).build());
    }

    /** What the call with this body at this path answers. */
    public JsonNode post(String path, JsonNode body) {
        return call(request(path).POST(BodyPublishers.ofString(body.toString())).build());
    }

    /** What there is at this path, with these changes. */
    public JsonNode patch(String path, JsonNode change) {
        return call(
                request(path).method("PATCH", BodyPublishers.ofString(change.toString())).build());
    }

    /** What there is at this path when it is this. */
    public JsonNode put(String path, JsonNode body) {
        return call(request(path).PUT(BodyPublishers.ofString(body.toString())).build());
    }

    /** Takes away what there is at this path. */
    public void delete(String path) {
        call(request(path).DELETE().build());
    }

    /** The JSON at this path. */
    public JsonNode get(String path) {
        return call(request(path).GET().build());
    }

    /** The same as text, byte for byte as it came. */
    String text(String path) {
        try {
            return new String(answer(request(path).GET().build()), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw unreachable(e);
        }
    }

    /**
     * Gives every event from {@code from} on, in order and each once, until the run has ended;
     * returns its status. A broken connection is made again at the next seq, a bounded number of
     * times without an event in between.
     */
    public String follow(String id, long from, Consumer<Line> eachEvent) {
        Follower follower = new Follower(from, eachEvent);
        String path = "/v1/runs/" + RunCommand.encode(id);
        for (int failures = 0; !follower.ended; failures++) {
            long before = follower.next;
            try {
                if (!stream(path + "/events?from=" + follower.next, follower)) {
                    break;
                }
            } catch (IOException e) {
                if (failures >= RECONNECTS_MAX) {
                    throw unreachable(e);
                }
            }
            failures = follower.next > before ? 0 : failures;
        }
        return get(path).get("status").asText();
    }

    /** Reads one connection to its end; false where the log has nothing more. */
    private boolean stream(String path, Follower follower) throws IOException {
        HttpRequest request = request(path).setHeader("Accept", "text/event-stream").GET().build();
        HttpResponse<InputStream> response = send(request);
        if (response.statusCode() == NO_CONTENT) {
            return false;
        }
        try (InputStream body = response.body()) {
            if (response.statusCode() > OK_MAX) {
                throw refusal(response.statusCode(), body.readAllBytes());
            }
            var lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
            for (String line = lines.readLine();
                    line != null && !follower.ended;
                    line = lines.readLine()) {
                follower.take(line);
            }
        }
        return true;
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(url.resolve(path))
                        .header("Content-Type", "application/json");
        if (key != null) {
            request.header("Authorization", "Bearer " + key);
        }
        if (tenant != null) {
            request.header("Outrun-Tenant", tenant);
        }
        return request;
    }

    private JsonNode call(HttpRequest request) {
        try {
            return WireJson.mapper().readTree(answer(request));
        } catch (IOException e) {
            throw unreachable(e);
        }
    }

    private byte[] answer(HttpRequest request) throws IOException {
        HttpResponse<InputStream> response = send(request);
        try (InputStream body = response.body()) {
            byte[] answer = body.readAllBytes();
            if (response.statusCode() > OK_MAX) {
                throw refusal(response.statusCode(), answer);
            }
            return answer;
        }
    }

    private HttpResponse<InputStream> send(HttpRequest request) throws IOException {
        try {
            return http.send(request, BodyHandlers.ofInputStream());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private OutrunException unreachable(IOException cause) {
        return new OutrunException(
                ErrorCode.UNAVAILABLE,
                "no answer from " + url + "; is ./outrun dev running there?",
                cause);
    }

    /** The server's own words, where it is one of ours; else the status. */
    private static OutrunException refusal(int status, byte[] problem) {
        try {
            JsonNode body = WireJson.mapper().readTree(problem);
            ErrorCode code = ErrorCode.ofCode(body.path("code").asText());
            if (code != null) {
                return new OutrunException(code, body.path("detail").asText());
            }
        } catch (IOException e) {
            // Not JSON: an answer of some other server, of which the status is all there is to say.
        }
        return new OutrunException(
                ErrorCode.UNAVAILABLE, "the server answered with status " + status);
    }

    /** The text itself, if it is JSON. */
    static String checked(String text) {
        json(text);
        return text;
    }

    private static JsonNode json(String text) {
        try {
            return WireJson.mapper().readTree(text);
        } catch (JsonProcessingException e) {
            throw new OutrunException(
                    ErrorCode.INVALID_JSON, "not JSON: " + e.getOriginalMessage(), e);
        }
    }

    /** Puts the lines of an event stream together into events. */
    private static final class Follower {

        private final Consumer<Line> eachEvent;
        private final StringBuilder data = new StringBuilder();
        private long next;
        private boolean ended;

        Follower(long from, Consumer<Line> eachEvent) {
            this.next = from;
            this.eachEvent = eachEvent;
        }

        void take(String line) {
            if (line.startsWith("data:")) {
                data.append(data.isEmpty() ? "" : "\n")
                        .append(line.substring("data:".length()).stripLeading());
            } else if (line.isEmpty() && !data.isEmpty()) {
                JsonNode envelope = json(data.toString());
                Line event =
                        new Line(
                                envelope.get("seq").asLong(),
                                envelope.get("type").asText(),
                                data.toString());
                data.setLength(0);
                next = event.seq() + 1;
                ended = EventTypes.isTerminal(event.type());
                eachEvent.accept(event);
            }
        }
    }
}
