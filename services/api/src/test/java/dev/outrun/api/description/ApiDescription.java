package dev.outrun.api.description;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/** What openapi.yaml says, with its references followed. */
final class ApiDescription {

    private static final Set<String> METHODS =
            Set.of("get", "head", "post", "put", "patch", "delete");

    private final JsonNode root;

    private ApiDescription(JsonNode root) {
        this.root = root;
    }

    /** The server's own. */
    static ApiDescription load() throws IOException {
        try (InputStream in = ApiDescription.class.getResourceAsStream("/openapi.yaml")) {
            ObjectMapper yaml =
                    new YAMLMapper().enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY);
            return new ApiDescription(yaml.readTree(Objects.requireNonNull(in)));
        }
    }

    /**
     * A parameter of an operation.
     *
     * @param in {@code path}, {@code query} or {@code header}
     * @param node all that is said of it
     */
    record Parameter(String name, String in, JsonNode schema, JsonNode node) {}

    /**
     * A call.
     *
     * @param bodies schemas of its body by media type; none where it has no body
     * @param statuses of its answers
     * @param node all that is said of it
     */
    record Operation(
            String method,
            String path,
            List<Parameter> parameters,
            Map<String, JsonNode> bodies,
            Set<Integer> statuses,
            JsonNode node) {

        @Override
        public String toString() {
            return method + " " + path;
        }
    }

    /** All calls, in the order of the description. */
    List<Operation> operations() {
        List<Operation> operations = new ArrayList<>();
        for (Map.Entry<String, JsonNode> path : root.get("paths").properties()) {
            for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
                if (METHODS.contains(method.getKey())) {
                    operations.add(operation(path, method));
                }
            }
        }
        return operations;
    }

    private Operation operation(
            Map.Entry<String, JsonNode> path, Map.Entry<String, JsonNode> method) {
        JsonNode node = method.getValue();
        List<Parameter> parameters = new ArrayList<>();
        path.getValue().path("parameters").forEach(each -> parameters.add(parameter(each)));
        node.path("parameters").forEach(each -> parameters.add(parameter(each)));
        Map<String, JsonNode> bodies = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> content :
                node.path("requestBody").path("content").properties()) {
            bodies.put(content.getKey(), content.getValue().path("schema"));
        }
        Set<Integer> statuses = new TreeSet<>();
        node.get("responses")
                .fieldNames()
                .forEachRemaining(status -> statuses.add(Integer.parseInt(status)));
        return new Operation(
                method.getKey().toUpperCase(Locale.ROOT),
                path.getKey(),
                parameters,
                bodies,
                statuses,
                node);
    }

    private Parameter parameter(JsonNode node) {
        JsonNode parameter = resolve(node);
        return new Parameter(
                parameter.get("name").textValue(),
                parameter.get("in").textValue(),
                parameter.path("schema"),
                parameter);
    }

    /** What stands where a reference leads; anything else is itself. */
    JsonNode resolve(JsonNode node) {
        JsonNode resolved = node;
        while (resolved.has("$ref")) {
            resolved = root.at(resolved.get("$ref").textValue().substring(1));
        }
        return resolved;
    }

    /** The whole of it. */
    JsonNode root() {
        return root;
    }
}
