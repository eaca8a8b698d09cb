package dev.outrun.api.description;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outrun.api.description.ApiDescription.Operation;
import dev.outrun.api.description.ApiDescription.Parameter;
import dev.outrun.schema.json.WireJson;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.StringJoiner;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Requests by number: the same ones for the same seed. */
final class RequestFuzz {

    /** Longer waits are allowed, and no hang. */
    private static final int WAIT_MS_MAX = 20;

    private static final List<String> MEDIA_TYPES =
            List.of(
                    "application/json",
                    "application/json; charset=utf-8",
                    "application/json; charset=latin1",
                    "text/plain",
                    "application/octet-stream",
                    "application/x-www-form-urlencoded",
                    "nonsense",
                    "a/b; c=\"");

    private static final List<String> ACCEPTS =
            List.of("application/json", "text/event-stream", "*/*", "a, b;q=x", ";");

    private final long seed;
    private final URI server;
    private final ApiDescription description;
    private final List<Operation> operations;
    private final List<Who> callers;

    RequestFuzz(long seed, URI server, ApiDescription description, List<Who> callers) {
        this.seed = seed;
        this.server = server;
        this.description = description;
        this.operations = description.operations();
        this.callers = callers;
    }

    /**
     * A caller.
     *
     * @param key what it shows; null is nothing
     * @param secret what only others' answers have in them; null for one that may see all
     * @param known words that mean something, by name
     */
    record Who(@Nullable String key, @Nullable String secret, Map<String, List<String>> known) {}

    /**
     * A request.
     *
     * @param shown for people
     */
    record Made(Operation operation, Who caller, HttpRequest request, String shown) {}

    /** The request of this number. */
    Made request(long number) {
        RandomGenerator random = new SplittableRandom(seed * 1_000_003 + number);
        Operation operation = JsonFuzz.pick(operations, random);
        Who caller = JsonFuzz.pick(callers, random);
        JsonFuzz json = new JsonFuzz(description, caller.known());
        StringBuilder shown = new StringBuilder("request " + number + ": ");
        String path = path(operation, json, random) + query(operation, json, random);
        URI uri = server.resolve(path);
        HttpRequest.Builder request = HttpRequest.newBuilder(uri);
        shown.append(operation.method()).append(' ').append(path);
        headers(operation, caller, json, random)
                .forEach(header -> {
                    request.header(header.name(), header.value());
                    shown.append('\n').append(header);
                });
        byte[] body = body(operation, json, random);
        BodyPublisher publisher =
                body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body);
        if (body != null) {
            String type =
                    random.nextInt(20) == 0
                            ? JsonFuzz.pick(MEDIA_TYPES, random)
                            : mediaType(operation, random);
            request.header("Content-Type", type);
            shown.append('\n').append(new Header("Content-Type", type)).append("\n\n");
            shown.append(new String(body, 0, Math.min(body.length, 500), StandardCharsets.UTF_8));
        }
        return new Made(
                operation,
                caller,
                request.method(operation.method(), publisher).build(),
                shown.toString());
    }

    private static String mediaType(Operation operation, RandomGenerator random) {
        return operation.bodies().containsKey("application/json")
                ? "application/json"
                : JsonFuzz.pick(MEDIA_TYPES, random);
    }

    private static String path(Operation operation, JsonFuzz json, RandomGenerator random) {
        String path = operation.path();
        for (Parameter parameter : operation.parameters()) {
            if (parameter.in().equals("path")) {
                String value = value(parameter, json, random, 15);
                path = path.replace("{" + parameter.name() + "}", escaped(value));
            }
        }
        return path;
    }

    private static String query(Operation operation, JsonFuzz json, RandomGenerator random) {
        StringJoiner query = new StringJoiner("&", "?", "");
        query.setEmptyValue("");
        for (Parameter parameter : operation.parameters()) {
            if (parameter.in().equals("query") && random.nextInt(3) == 0) {
                String name = escaped(parameter.name());
                query.add(name + "=" + escaped(value(parameter, json, random, 8)));
                if (random.nextInt(50) == 0) {
                    query.add(name + "=" + escaped(value(parameter, json, random, 2)));
                }
            }
        }
        if (random.nextInt(60) == 0) {
            query.add(escaped(JsonFuzz.odd(random)) + "=" + escaped(JsonFuzz.odd(random)));
        }
        return query.toString();
    }

    /** As the schema has it, but one in so many times. */
    private static String value(
            Parameter parameter, JsonFuzz json, RandomGenerator random, int odd) {
        return random.nextInt(odd) == 0
                ? JsonFuzz.odd(random)
                : json.valid(parameter.name(), parameter.schema(), random).asText();
    }

    private static String escaped(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private record Header(String name, String value) {

        @Override
        public String toString() {
            return name + ": " + value;
        }
    }

    private static List<Header> headers(
            Operation operation, Who caller, JsonFuzz json, RandomGenerator random) {
        List<Header> headers = new ArrayList<>();
        if (caller.key() != null) {
            headers.add(new Header("Authorization", "Bearer " + caller.key()));
        }
        for (Parameter parameter : operation.parameters()) {
            if (parameter.in().equals("header") && random.nextInt(3) == 0) {
                headers.add(new Header(parameter.name(), value(parameter, json, random, 8)));
            }
        }
        if (random.nextInt(6) == 0) {
            headers.add(new Header("Accept", JsonFuzz.pick(ACCEPTS, random)));
        }
        if (random.nextInt(20) == 0) {
            headers.add(new Header("Last-Event-ID", JsonFuzz.odd(random)));
        }
        if (random.nextInt(10) == 0) {
            headers.add(new Header("Outrun-Tenant", json.valid("tenant", TEXT, random).asText()));
        }
        return headers.stream().filter(header -> isSendable(header.value())).toList();
    }

    private static final JsonNode TEXT = WireJson.mapper().createObjectNode().put("type", "string");

    /** What the client library lets out. */
    private static boolean isSendable(String value) {
        return value.chars().allMatch(c -> c >= ' ' && c < 0x7F);
    }

    private static byte @Nullable [] body(
            Operation operation, JsonFuzz json, RandomGenerator random) {
        JsonNode schema = operation.bodies().get("application/json");
        if (schema == null) {
            return operation.bodies().isEmpty() && random.nextInt(30) > 0 ? null : bytes(random);
        } else if (random.nextInt(30) == 0) {
            return random.nextBoolean() ? null : bytes(random);
        }
        JsonNode value = json.valid("", schema, random);
        if (random.nextInt(3) == 0) {
            value = json.almost(value, random);
        }
        if (value instanceof ObjectNode object
                && operation.path().endsWith("/lease")
                && object.path("wait_ms").asLong(WAIT_MS_MAX + 1) > WAIT_MS_MAX) {
            object.put("wait_ms", random.nextInt(WAIT_MS_MAX));
        }
        byte[] text = WireJson.write(value);
        return random.nextInt(30) == 0 ? broken(text, random) : text;
    }

    /** Text that is no JSON any more, as like as not. */
    private static byte[] broken(byte[] text, RandomGenerator random) {
        byte[] broken = text.clone();
        switch (random.nextInt(3)) {
            case 0 -> broken = Arrays.copyOf(broken, random.nextInt(broken.length));
            case 1 -> broken[random.nextInt(broken.length)] = (byte) random.nextInt(256);
            default -> {
                ByteArrayOutputStream deep = new ByteArrayOutputStream();
                deep.writeBytes("[".repeat(random.nextInt(3_000)).getBytes(StandardCharsets.UTF_8));
                deep.writeBytes(text);
                broken = deep.toByteArray();
            }
        }
        return broken;
    }

    private static byte[] bytes(RandomGenerator random) {
        byte[] bytes = new byte[random.nextInt(200)];
        random.nextBytes(bytes);
        return bytes;
    }
}
