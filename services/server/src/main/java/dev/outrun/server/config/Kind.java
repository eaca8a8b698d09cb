package dev.outrun.server.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What values a setting takes, and how they are read: from YAML, or from the text of a variable or
 * a flag.
 *
 * @param takes the values in words, after "not" in a refusal
 * @param reading throws {@link IllegalArgumentException} for any other value
 * @param writing a value as it is written in YAML
 * @param secret whether its values are shown to nobody
 * @param names of the entries of a map; empty for every other kind
 */
record Kind<T>(
        String takes,
        Function<JsonNode, T> reading,
        Function<T, String> writing,
        boolean secret,
        Set<String> names) {

    private static <T> Kind<T> of(
            String takes, Function<JsonNode, T> reading, Function<T, String> writing) {
        return new Kind<>(takes, reading, writing, false, Set.of());
    }

    /** A whole number, bounds included. */
    static Kind<Integer> whole(int least, int most) {
        return of(
                least + " to " + most,
                value -> Math.toIntExact(number(value, least, most)),
                Object::toString);
    }

    /** A number of bytes, bounds included. */
    static Kind<Long> bytes(long least, long most) {
        return of(least + " to " + most, value -> number(value, least, most), Object::toString);
    }

    private static long number(JsonNode value, long least, long most) {
        long number;
        if (value.isTextual()) {
            number = Long.parseLong(value.textValue());
        } else if (value.isIntegralNumber() && value.canConvertToLong()) {
            number = value.longValue();
        } else {
            throw new IllegalArgumentException("no whole number");
        }
        require(number >= least && number <= most);
        return number;
    }

    /** Yes or no. */
    static Kind<Boolean> truth() {
        return of("true or false", Kind::readTruth, Object::toString);
    }

    private static boolean readTruth(JsonNode value) {
        require(value.isBoolean() || value.isTextual());
        String text = value.asText();
        require(text.equals("true") || text.equals("false"));
        return text.equals("true");
    }

    /** A length of time as ISO 8601 has it, bounds included. */
    static Kind<Duration> time(Duration least, Duration most) {
        return of(
                least + " to " + most,
                value -> {
                    try {
                        Duration time = Duration.parse(text(value));
                        require(time.compareTo(least) >= 0 && time.compareTo(most) <= 0);
                        return time;
                    } catch (DateTimeException e) {
                        throw new IllegalArgumentException(e);
                    }
                },
                Object::toString);
    }

    /** Text that must be as the words say. */
    static Kind<String> word(String takes, Predicate<String> right) {
        return of(
                takes,
                value -> {
                    String text = text(value);
                    require(right.test(text));
                    return text;
                },
                text -> text);
    }

    /** Any text. */
    static Kind<String> text() {
        return of("text, in quotes", Kind::text, text -> text);
    }

    /** Texts, perhaps none, that whoever takes them has yet to look at. */
    static Kind<List<String>> texts(String takes) {
        return of(takes, Kind::texts, Object::toString);
    }

    /** What another class reads from text. */
    static <T> Kind<T> parsed(
            String takes, Function<String, T> reading, Function<T, String> writing) {
        return of(takes, value -> reading.apply(text(value)), writing);
    }

    /** A place in the file system; a relative one is below the working folder. */
    static Kind<Path> path() {
        return parsed("a path", Path::of, Path::toString);
    }

    /** The same, but that its values are shown to nobody. */
    Kind<T> hidden() {
        return new Kind<>(takes, reading, writing, true, names);
    }

    /** One of an enum's constants. */
    static <E extends Enum<E>> Kind<E> oneOf(Class<E> type) {
        return of(words(type, " or "), value -> constant(type, text(value)), Kind::wordOf);
    }

    /** Some of an enum's constants, one at least. */
    static <E extends Enum<E>> Kind<Set<E>> someOf(Class<E> type) {
        return of(
                "some of " + words(type, ", "),
                value -> {
                    Set<E> some =
                            texts(value).stream()
                                    .map(text -> constant(type, text))
                                    .collect(Collectors.toCollection(TreeSet::new));
                    require(!some.isEmpty());
                    return some;
                },
                some -> some.stream().map(Kind::wordOf).sorted().toList().toString());
    }

    private static <E extends Enum<E>> E constant(Class<E> type, String text) {
        return Arrays.stream(type.getEnumConstants())
                .filter(constant -> wordOf(constant).equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no such word"));
    }

    private static String wordOf(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private static <E extends Enum<E>> String words(Class<E> type, String between) {
        return Arrays.stream(type.getEnumConstants())
                .map(Kind::wordOf)
                .collect(Collectors.joining(between));
    }

    /** Some whole numbers from 0 on, perhaps none. */
    static Kind<Set<Integer>> numbers(int most) {
        return of(
                "some of 0 to " + most,
                value -> {
                    Set<Integer> numbers = new TreeSet<>();
                    for (String text : texts(value)) {
                        int number = Integer.parseInt(text);
                        require(number >= 0 && number <= most);
                        numbers.add(number);
                    }
                    return numbers;
                },
                numbers -> new TreeSet<>(numbers).toString());
    }

    /** Values by these names, which whoever fills it has looked at; some may be secret. */
    static Kind<Map<String, String>> map(String takes, Set<String> names) {
        return new Kind<>(takes, Kind::entries, Object::toString, true, names);
    }

    private static Map<String, String> entries(JsonNode value) {
        require(value.isObject());
        Map<String, String> entries = new LinkedHashMap<>();
        value.properties()
                .forEach(entry -> {
                    require(entry.getValue().isValueNode() && !entry.getValue().isNull());
                    entries.put(entry.getKey(), entry.getValue().asText());
                });
        return entries;
    }

    /** What stands in quotes in YAML, or need not: a number would have lost its leading zeros. */
    private static String text(JsonNode value) {
        require(value.isTextual());
        return value.textValue();
    }

    private static List<String> texts(JsonNode value) {
        List<String> texts = new ArrayList<>();
        if (value.isArray()) {
            value.forEach(element -> {
                require(element.isValueNode() && !element.isNull());
                texts.add(element.asText());
            });
        } else {
            for (String text : text(value).split(",", -1)) {
                if (!text.isBlank()) {
                    texts.add(text.strip());
                }
            }
        }
        return texts;
    }

    private static void require(boolean right) {
        if (!right) {
            throw new IllegalArgumentException("not such a value");
        }
    }
}
