package dev.outrun.api.description;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.StreamSupport;

/** JSON that a schema allows, and JSON that is almost so. */
final class JsonFuzz {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final int DEPTH_MAX = 4;
    private static final int ITEMS_MAX = 4;

    /** Text that something in the way of a request may mistake. */
    private static final List<String> ODD =
            List.of(
                    "",
                    " ",
                    "null",
                    "-1",
                    "0",
                    "1e999",
                    "'; drop table outrun.run; --",
                    "%",
                    "%_\\",
                    "../../etc/passwd",
                    "\u0000",
                    "a\u0000b",
                    "\uD800",
                    "\uDC00x",
                    "\u202E",
                    "ﬀ",
                    "😀",
                    "é".repeat(300),
                    "\r\nSet-Cookie: a=b",
                    "{\"a\":1}",
                    "<script>alert(1)</script>",
                    "${jndi:ldap://localhost/a}",
                    "a".repeat(5_000),
                    ".",
                    "..",
                    "-",
                    "_",
                    "A",
                    "\uFEFF",
                    "2026-13-45T99:99:99Z",
                    "9".repeat(40));

    private static final List<String> NUMBERS =
            List.of(
                    "0",
                    "-0",
                    "-1",
                    "1",
                    "0.5",
                    "1e3",
                    "1e400",
                    "-1e400",
                    "2147483647",
                    "2147483648",
                    "9007199254740993",
                    "9223372036854775807",
                    "9223372036854775808",
                    "-9223372036854775809",
                    "1".repeat(400));

    private final ApiDescription description;
    private final Map<String, List<String>> known;

    /**
     * @param known words for fields and parameters of these names, which mean something
     */
    JsonFuzz(ApiDescription description, Map<String, List<String>> known) {
        this.description = description;
        this.known = known;
    }

    /** A value that the schema allows, as far as it says. */
    JsonNode valid(String name, JsonNode schema, RandomGenerator random) {
        return valid(name, schema, random, 0);
    }

    private JsonNode valid(String name, JsonNode referring, RandomGenerator random, int depth) {
        JsonNode schema = description.resolve(referring);
        List<String> words = known.get(name);
        if (words != null) {
            return JSON.textNode(pick(words, random));
        } else if (schema.has("enum")) {
            return schema.get("enum").get(random.nextInt(schema.get("enum").size()));
        } else if (schema.has("oneOf")) {
            JsonNode one = schema.get("oneOf");
            return valid(name, one.get(random.nextInt(one.size())), random, depth);
        }
        return switch (type(schema, random)) {
            case "null" -> JSON.nullNode();
            case "boolean" -> JSON.booleanNode(random.nextBoolean());
            case "integer" -> JSON.numberNode(whole(schema, random));
            case "number" -> JSON.numberNode(random.nextDouble());
            case "string" -> JSON.textNode(text(schema, random));
            case "array" -> array(name, schema, random, depth);
            case "object" -> object(schema, random, depth);
            default -> any(random, depth);
        };
    }

    private static String type(JsonNode schema, RandomGenerator random) {
        JsonNode type = schema.path("type");
        if (type.isArray()) {
            return type.get(random.nextInt(type.size())).textValue();
        }
        return type.isTextual() ? type.textValue() : "any";
    }

    private static long whole(JsonNode schema, RandomGenerator random) {
        long least = schema.path("minimum").asLong(0);
        long most = schema.path("maximum").asLong(1_000);
        return switch (random.nextInt(4)) {
            case 0 -> least;
            case 1 -> most;
            default -> random.nextLong(least, Math.max(least + 1, Math.min(most, least + 100)));
        };
    }

    private String text(JsonNode schema, RandomGenerator random) {
        if (schema.path("format").asText().equals("uuid")) {
            return pick(known.getOrDefault("id", List.of("")), random);
        } else if (schema.path("format").asText().equals("date-time")) {
            return "20" + random.nextInt(10, 60) + "-01-01T00:00:00Z";
        }
        int least = schema.path("minLength").asInt(1);
        int most = Math.min(schema.path("maxLength").asInt(20), 20);
        StringBuilder text = new StringBuilder();
        for (int n = random.nextInt(least, Math.max(least, most) + 1); n > 0; n--) {
            text.append((char) random.nextInt('a', 'z' + 1));
        }
        return text.toString();
    }

    private ArrayNode array(String name, JsonNode schema, RandomGenerator random, int depth) {
        ArrayNode array = JSON.arrayNode();
        int least = schema.path("minItems").asInt(0);
        int most = depth >= DEPTH_MAX ? least : least + ITEMS_MAX;
        for (int n = random.nextInt(least, most + 1); n > 0; n--) {
            String one = name.endsWith("s") ? name.substring(0, name.length() - 1) : name;
            array.add(valid(one, schema.path("items"), random, depth + 1));
        }
        return array;
    }

    private ObjectNode object(JsonNode schema, RandomGenerator random, int depth) {
        ObjectNode object = JSON.objectNode();
        Set<String> required = Set.copyOf(texts(schema.path("required")));
        for (Map.Entry<String, JsonNode> field : schema.path("properties").properties()) {
            boolean wanted =
                    required.contains(field.getKey())
                            || (depth < DEPTH_MAX && random.nextInt(3) == 0);
            if (wanted) {
                object.set(
                        field.getKey(), valid(field.getKey(), field.getValue(), random, depth + 1));
            }
        }
        return object;
    }

    private static List<String> texts(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).map(JsonNode::textValue).toList();
    }

    /** Any JSON. */
    JsonNode any(RandomGenerator random, int depth) {
        return switch (random.nextInt(depth < DEPTH_MAX ? 7 : 5)) {
            case 0 -> JSON.nullNode();
            case 1 -> JSON.booleanNode(random.nextBoolean());
            case 2 -> number(random);
            case 3 -> JSON.textNode(odd(random));
            case 4 -> JSON.textNode("plain");
            case 5 -> {
                ArrayNode array = JSON.arrayNode();
                for (int n = random.nextInt(ITEMS_MAX); n > 0; n--) {
                    array.add(any(random, depth + 1));
                }
                yield array;
            }
            default -> {
                ObjectNode object = JSON.objectNode();
                for (int n = random.nextInt(ITEMS_MAX); n > 0; n--) {
                    object.set(odd(random), any(random, depth + 1));
                }
                yield object;
            }
        };
    }

    private static JsonNode number(RandomGenerator random) {
        String text = pick(NUMBERS, random);
        return text.contains(".") || text.contains("e")
                ? JSON.numberNode(new BigDecimal(text))
                : JSON.numberNode(new BigInteger(text));
    }

    /** The same with one thing changed, somewhere in it. */
    JsonNode almost(JsonNode value, RandomGenerator random) {
        if (value instanceof ObjectNode object && !object.isEmpty() && random.nextInt(5) > 0) {
            List<String> names = new ArrayList<>();
            object.fieldNames().forEachRemaining(names::add);
            String name = pick(names, random);
            switch (random.nextInt(5)) {
                case 0 -> object.remove(name);
                case 1 -> object.set(odd(random), any(random, DEPTH_MAX));
                default -> object.set(name, almost(object.get(name), random));
            }
            return object;
        } else if (value instanceof ArrayNode array && !array.isEmpty() && random.nextInt(5) > 0) {
            int at = random.nextInt(array.size());
            array.set(at, almost(array.get(at), random));
            return array;
        }
        return any(random, 2);
    }

    /** Text that is none of what is asked for, or hard to handle. */
    static String odd(RandomGenerator random) {
        return pick(ODD, random);
    }

    static <T> T pick(List<T> some, RandomGenerator random) {
        return some.get(random.nextInt(some.size()));
    }
}
