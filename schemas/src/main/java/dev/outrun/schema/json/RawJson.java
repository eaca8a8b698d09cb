package dev.outrun.schema.json;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON text taken apart, each part as it stands. */
public final class RawJson {

    private RawJson() {}

    /**
     * An object's values by their names, in its order.
     *
     * @throws IllegalArgumentException if the text does not begin with an object
     */
    public static Map<String, String> fields(String object) {
        try (JsonParser parser = WireJson.mapper().createParser(object)) {
            require(parser.nextToken() == JsonToken.START_OBJECT, "an object");
            Map<String, String> fields = new LinkedHashMap<>();
            for (String name = parser.nextFieldName();
                    name != null;
                    name = parser.nextFieldName()) {
                parser.nextToken();
                fields.put(name, value(parser, object));
            }
            return fields;
        } catch (IOException e) {
            throw new IllegalArgumentException("not JSON", e);
        }
    }

    /**
     * An array's values.
     *
     * @throws IllegalArgumentException if the text does not begin with an array
     */
    public static List<String> elements(String array) {
        try (JsonParser parser = WireJson.mapper().createParser(array)) {
            require(parser.nextToken() == JsonToken.START_ARRAY, "an array");
            List<String> elements = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                elements.add(value(parser, array));
            }
            return elements;
        } catch (IOException e) {
            throw new IllegalArgumentException("not JSON", e);
        }
    }

    private static String value(JsonParser parser, String text) throws IOException {
        int from = (int) parser.currentTokenLocation().getCharOffset();
        parser.skipChildren();
        parser.finishToken();
        return text.substring(from, (int) parser.currentLocation().getCharOffset());
    }

    private static void require(boolean right, String what) {
        if (!right) {
            throw new IllegalArgumentException("not " + what);
        }
    }
}
