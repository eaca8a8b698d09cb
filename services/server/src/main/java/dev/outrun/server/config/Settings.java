package dev.outrun.server.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is said of the settings, layer by layer: who says something later wins, for a map entry by
 * entry. A value is looked at when it is asked for.
 */
final class Settings {

    /** A slip of the finger or two; more is another word. */
    private static final int SLIPS_MAX = 3;

    /** What is said of one, and by whom. */
    private record Said(JsonNode value, String by) {}

    private final Map<String, Said> said = new HashMap<>();

    /**
     * Says a value.
     *
     * @param path of a setting, or of an entry of one that is a map
     * @param by who says so, as in "in outrun.yaml"
     * @throws SettingException where there is no such setting
     */
    void say(String path, JsonNode value, String by) {
        Key<?> key = key(path);
        if (key != null) {
            said.merge(key.path(), new Said(value, by), Settings::merged);
            return;
        }
        Key<?> map = mapOf(path);
        if (map == null) {
            throw unknown(path, by);
        }
        ObjectNode entry = JsonNodeFactory.instance.objectNode();
        entry.set(path.substring(map.path().length() + 1), value);
        said.merge(map.path(), new Said(entry, by), Settings::merged);
    }

    /** Says text, as a variable or a flag has it. */
    void say(String path, String text, String by) {
        say(path, TextNode.valueOf(text), by);
    }

    private static Said merged(Said earlier, Said later) {
        if (earlier.value() instanceof ObjectNode one && later.value() instanceof ObjectNode more) {
            ObjectNode both = one.deepCopy();
            both.setAll(more);
            return new Said(both, earlier.by() + ", " + later.by());
        }
        return later;
    }

    /** The setting of this path, if there is one. */
    static @Nullable Key<?> key(String path) {
        return Keys.ALL.stream().filter(key -> key.path().equals(path)).findFirst().orElse(null);
    }

    /** The map that has an entry of this path. */
    private static @Nullable Key<?> mapOf(String path) {
        return Keys.ALL.stream()
                .filter(key ->
                        path.startsWith(key.path() + ".")
                                && key.kind()
                                        .names()
                                        .contains(path.substring(key.path().length() + 1)))
                .findFirst()
                .orElse(null);
    }

    /** Whether settings stand below this path. */
    static boolean isSection(String path) {
        return Keys.ALL.stream().anyMatch(key -> key.path().startsWith(path + "."));
    }

    /** Whether anybody has said something of it. */
    boolean isSaid(Key<?> key) {
        return said.containsKey(key.path());
    }

    /**
     * What it is: the last that was said, or its default.
     *
     * @throws SettingException where that is no value for it, or it has none
     */
    <T> T get(Key<T> key) {
        return find(key)
                .orElseThrow(() ->
                        new SettingException(
                                "%s is not set, in the file or as %s: it is %s"
                                        .formatted(
                                                key.path(), key.variable(), key.kind().takes())));
    }

    /** The same of one that may have no value. */
    <T> Optional<T> find(Key<T> key) {
        Said last = said.get(key.path());
        if (last == null) {
            return key.standard();
        }
        checkEntries(key, last);
        try {
            return Optional.of(key.kind().reading().apply(last.value()));
        } catch (IllegalArgumentException e) {
            throw new SettingException(
                    "%s is %s, not %s (%s)"
                            .formatted(
                                    key.path(),
                                    key.kind().secret() ? "something else" : shown(last.value()),
                                    key.kind().takes(),
                                    last.by()),
                    e);
        }
    }

    private static void checkEntries(Key<?> key, Said last) {
        if (key.kind().names().isEmpty()) {
            return;
        }
        for (Map.Entry<String, JsonNode> entry : last.value().properties()) {
            if (!key.kind().names().contains(entry.getKey())) {
                throw unknown(key.path() + "." + entry.getKey(), last.by());
            }
        }
    }

    private static String shown(JsonNode value) {
        return value.isNull()
                ? "empty"
                : value.isTextual() ? "'" + value.asText() + "'" : value.toString();
    }

    static SettingException unknown(String path, String by) {
        String meant =
                Keys.ALL.stream()
                        .flatMap(key ->
                                key.kind().names().isEmpty()
                                        ? Stream.of(key.path())
                                        : key.kind().names().stream()
                                                .map(name -> key.path() + "." + name))
                        .filter(known -> distance(known, path) <= SLIPS_MAX)
                        .min(Comparator.comparingInt(known -> distance(known, path)))
                        .map(known -> "; is " + known + " meant?")
                        .orElse("");
        return new SettingException(path + " is no setting (" + by + ")" + meant);
    }

    /** How many letters must be put in, taken out or changed to make one of the other. */
    private static int distance(String one, String other) {
        int[] row = IntStream.rangeClosed(0, other.length()).toArray();
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.length(); j++) {
                int change = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(change, Math.min(row[j - 1], row[j]) + 1);
            }
        }
        return row[other.length()];
    }
}
