package dev.outrun.api;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.util.regex.Pattern;

/** What strings from outside must be like before they reach the ledger. */
final class Text {

    private static final Pattern HANDLER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
    private static final Pattern QUEUE = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");
    private static final int STREAM_CHARACTERS_MAX = 255;
    private static final Pattern SIGNAL = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

    private Text() {}

    /** Refuses what Postgres has no text for: U+0000 and half of a surrogate pair. */
    static String checked(String name, String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            boolean pair =
                    Character.isHighSurrogate(c)
                            && i + 1 < value.length()
                            && Character.isLowSurrogate(value.charAt(i + 1));
            if (c == 0 || (Character.isSurrogate(c) && !pair)) {
                throw invalid("'" + name + "' has U+0000 or half of a surrogate pair in it");
            }
            i += pair ? 1 : 0;
        }
        return value;
    }

    static String handler(String value) {
        if (!HANDLER.matcher(value).matches()) {
            throw invalid(
                    "'handler' must be 1 to 63 letters, digits and . _ -, the first a letter or"
                            + " digit");
        }
        return value;
    }

    static String queue(String value) {
        if (!QUEUE.matcher(value).matches()) {
            throw invalid(
                    "'queue' must be 1 to 63 of a-z, 0-9 and . _ -, the first a letter or digit");
        }
        return value;
    }

    static String schedule(String value) {
        if (!QUEUE.matcher(value).matches()) {
            throw invalid(
                    "a schedule's name must be 1 to 63 of a-z, 0-9 and . _ -, the first a letter"
                            + " or digit");
        }
        return value;
    }

    static String signal(String value) {
        if (!SIGNAL.matcher(value).matches()) {
            throw invalid(
                    "a signal's name must be 1 to 128 letters, digits and . _ -, the first a letter"
                            + " or digit");
        }
        return value;
    }

    /** A stream's name, which may have slashes in it. */
    static String stream(String value) {
        if (value.length() > STREAM_CHARACTERS_MAX
                || value.chars().anyMatch(Character::isISOControl)) {
            throw invalid("a stream's name must be 1 to " + STREAM_CHARACTERS_MAX + " characters");
        }
        return checked("name", value);
    }

    /** A string of at most so many characters. */
    static String atMost(String name, String value, int charactersMax) {
        if (value.isEmpty() || value.length() > charactersMax) {
            throw invalid("'" + name + "' must have 1 to " + charactersMax + " characters");
        }
        return value;
    }

    static OutrunException invalid(String message) {
        return new OutrunException(ErrorCode.INVALID_REQUEST, message);
    }
}
