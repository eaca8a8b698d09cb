package dev.outrun.api;

import java.util.SplittableRandom;
import java.util.StringJoiner;

/** JSON as nobody would write it: odd spacing, any escapes, any nesting. */
public final class RandomJson {

    private static final String[] SPACES = {"", "", "", " ", "\n", "\t", "\r\n", "  \n "};
    private static final String[] NUMBERS = {"0", "-0", "1.0", "-12.5e-3", "1E+9", "123456789012"};
    private static final String[] PIECES = {
        "a",
        " ",
        "\\n",
        "\\\"",
        "\\\\",
        "\\u00e9",
        "\u00e9",
        "\u20ac",
        "\uD83D\uDE00",
        "{",
        "]",
        ":",
        ",",
        "data:",
        "\\/"
    };

    private RandomJson() {}

    /** Any value, nested at most so deep. */
    public static String value(SplittableRandom random, int depth) {
        return switch (random.nextInt(depth > 0 ? 7 : 5)) {
            case 0 -> "null";
            case 1 -> random.nextBoolean() ? "true" : "false";
            case 2 -> NUMBERS[random.nextInt(NUMBERS.length)];
            case 3, 4 -> string(random);
            case 5 -> {
                StringJoiner all = new StringJoiner(",", "[", space(random) + "]");
                for (int i = random.nextInt(4); i > 0; i--) {
                    all.add(space(random) + value(random, depth - 1) + space(random));
                }
                yield all.toString();
            }
            default -> {
                StringJoiner all = new StringJoiner(",", "{", space(random) + "}");
                for (int i = random.nextInt(4); i > 0; i--) {
                    String name = "\"" + i + "\"" + space(random) + ":" + space(random);
                    all.add(space(random) + name + value(random, depth - 1) + space(random));
                }
                yield all.toString();
            }
        };
    }

    /** Space as JSON allows it between tokens. */
    public static String space(SplittableRandom random) {
        return SPACES[random.nextInt(SPACES.length)];
    }

    private static String string(SplittableRandom random) {
        StringBuilder all = new StringBuilder("\"");
        for (int i = random.nextInt(6); i > 0; i--) {
            all.append(PIECES[random.nextInt(PIECES.length)]);
        }
        return all.append('"').toString();
    }
}
