package dev.outrun.api.description;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.api.description.ApiDescription.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** The description as a page for people, in Markdown. */
final class ApiPage {

    private static final String REF = "$ref";

    /** Answers that any call may have; the page says so once. */
    private static final Set<String> USUAL =
            Set.of("400", "401", "403", "413", "415", "429", "503");

    private final ApiDescription description;
    private final StringBuilder page = new StringBuilder();

    private ApiPage(ApiDescription description) {
        this.description = description;
    }

    static String of(ApiDescription description) {
        ApiPage page = new ApiPage(description);
        page.write();
        return page.page.toString();
    }

    private void write() {
        JsonNode root = description.root();
        line("# The HTTP API");
        line("");
        line("Made from [openapi.yaml](../schemas/src/main/resources/openapi.yaml), which every");
        line("server has at `/openapi.yaml`.");
        line("");
        paragraphs(root.at("/info/description"));
        for (JsonNode tag : root.get("tags")) {
            String name = tag.get("name").textValue();
            line("## " + name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1));
            line("");
            description.operations().stream()
                    .filter(operation -> operation.node().at("/tags/0").asText().equals(name))
                    .forEach(this::write);
        }
        line("## Schemas");
        line("");
        for (Map.Entry<String, JsonNode> schema : root.at("/components/schemas").properties()) {
            line("### " + schema.getKey());
            line("");
            write(schema.getValue());
        }
    }

    private void write(Operation operation) {
        line("### `" + operation + "`");
        line("");
        paragraphs(operation.node().path("summary"));
        paragraphs(operation.node().path("description"));
        if (!operation.parameters().isEmpty()) {
            line("| parameter | in | takes | is |");
            line("|---|---|---|---|");
            for (ApiDescription.Parameter parameter : operation.parameters()) {
                row(
                        "`" + parameter.name() + "`",
                        parameter.in(),
                        takes(parameter.schema()),
                        said(parameter.node()));
            }
            line("");
        }
        operation.bodies().forEach((type, schema) -> body(operation, type, schema));
        line("| answer | is |");
        line("|---|---|");
        for (Map.Entry<String, JsonNode> answer : operation.node().get("responses").properties()) {
            if (!USUAL.contains(answer.getKey()) || !answer.getValue().has(REF)) {
                row(answer.getKey(), answer(answer.getValue()));
            }
        }
        line("");
    }

    private void body(Operation operation, String type, JsonNode schema) {
        JsonNode body = operation.node().get("requestBody");
        String takes = schema.has("properties") ? "an object" : takes(schema);
        line(("Body: `" + type + "`, " + takes + ". " + said(body)).strip());
        line("");
        if (schema.has("properties")) {
            fields(schema);
        }
    }

    private String answer(JsonNode referring) {
        JsonNode answer = description.resolve(referring);
        List<String> parts = new ArrayList<>();
        parts.add(said(answer));
        JsonNode json = answer.at("/content/application~1json/schema");
        if (json.has(REF)) {
            parts.add(takes(json) + ".");
        } else if (json.has("properties")) {
            parts.add("`{" + String.join(", ", names(json.get("properties"))) + "}`.");
        }
        List<String> headers = names(answer.path("headers"));
        if (!headers.isEmpty()) {
            parts.add(
                    headers.stream().map(name -> "`" + name + "`").collect(Collectors.joining(", "))
                            + ".");
        }
        return String.join(" ", parts);
    }

    private void write(JsonNode schema) {
        if (schema.has("description")) {
            paragraphs(schema.get("description"));
        }
        if (schema.has("allOf")) {
            for (JsonNode part : schema.get("allOf")) {
                if (part.has(REF)) {
                    line("All of " + takes(part) + ", and:");
                    line("");
                } else {
                    fields(part);
                }
            }
        } else if (schema.has("properties")) {
            fields(schema);
        } else {
            line(takes(schema) + ".");
            line("");
        }
    }

    private void fields(JsonNode schema) {
        line("| field | takes | is |");
        line("|---|---|---|");
        List<String> required = texts(schema.path("required"));
        for (Map.Entry<String, JsonNode> field : schema.get("properties").properties()) {
            String name = "`" + field.getKey() + "`";
            row(
                    required.contains(field.getKey()) ? "**" + name + "**" : name,
                    takes(field.getValue()),
                    said(field.getValue()));
        }
        line("");
    }

    /** What values there are, in a few words. */
    private String takes(JsonNode schema) {
        List<String> words = new ArrayList<>();
        if (schema.has(REF)) {
            String ref = schema.get(REF).textValue();
            String name = ref.substring(ref.lastIndexOf('/') + 1);
            words.add("[" + name + "](#" + name.toLowerCase(Locale.ROOT) + ")");
        } else if (schema.has("enum")) {
            words.add(
                    StreamSupport.stream(schema.get("enum").spliterator(), false)
                            .map(value -> "`" + value.asText() + "`")
                            .collect(Collectors.joining(" or ")));
        } else if (schema.has("oneOf")) {
            words.add(
                    StreamSupport.stream(schema.get("oneOf").spliterator(), false)
                            .map(this::takes)
                            .collect(Collectors.joining(" or ")));
        } else if (schema.has("items")) {
            words.add("array of " + takes(schema.get("items")));
        } else if (schema.has("properties")) {
            words.add("`{" + String.join(", ", names(schema.get("properties"))) + "}`");
        } else {
            words.add(type(schema));
        }
        bounds(schema, words);
        if (schema.has("default")) {
            words.add("default `" + schema.get("default").asText() + "`");
        }
        return String.join(", ", words);
    }

    private static String type(JsonNode schema) {
        JsonNode type = schema.path("type");
        String types = type.isArray() ? String.join(" or ", texts(type)) : type.asText("any JSON");
        return schema.has("format") ? types + " (" + schema.get("format").asText() + ")" : types;
    }

    private static void bounds(JsonNode schema, List<String> words) {
        bound(schema, "minimum", "maximum", "", words);
        bound(schema, "minLength", "maxLength", " characters", words);
        bound(schema, "minItems", "maxItems", " items", words);
        if (schema.has("pattern")) {
            words.add("`" + schema.get("pattern").textValue().replace("|", "\\|") + "`");
        }
    }

    private static void bound(
            JsonNode schema, String least, String most, String what, List<String> words) {
        if (schema.has(least) && schema.has(most)) {
            words.add(schema.get(least).asText() + " to " + schema.get(most).asText() + what);
        } else if (schema.has(least)) {
            words.add("from " + schema.get(least).asText() + what);
        } else if (schema.has(most)) {
            words.add("to " + schema.get(most).asText() + what);
        }
    }

    /** A description in a line of a table. */
    private static String said(JsonNode node) {
        return node.path("description").asText("").strip().replace("\n", " ").replace("|", "\\|");
    }

    private static List<String> names(JsonNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static List<String> texts(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).map(JsonNode::textValue).toList();
    }

    private void row(String... cells) {
        line("| " + String.join(" | ", cells) + " |");
    }

    private void paragraphs(JsonNode text) {
        if (text.isTextual()) {
            line(text.textValue().strip());
            line("");
        }
    }

    private void line(String text) {
        page.append(text).append('\n');
    }
}
