package dev.outrun.api;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A place in a stream as the opaque word that clients keep. Words sort as places do. The second
 * half is for places within an event, of which there are none yet.
 *
 * @param seq of the next event
 */
record StreamOffset(long seq) {

    /** The word for the beginning of every stream, which no answer has. */
    static final String BEGINNING = "-1";

    /** The word for the end of a stream, wherever that is; no answer has it either. */
    static final String NOW = "now";

    private static final Pattern FORM = Pattern.compile("([0-9]{16})_0{16}");
    private static final String HALF_ZERO = "0".repeat(16);

    /** Reads a word; throws {@code invalid_request} where it is not one of ours. */
    static StreamOffset parse(String text) {
        if (text.equals(BEGINNING)) {
            return new StreamOffset(0);
        }
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw Text.invalid("'offset' must be -1, now, or one that this server gave");
        }
        return new StreamOffset(Long.parseLong(form.group(1)));
    }

    String text() {
        String digits = Long.toString(seq);
        return HALF_ZERO.substring(digits.length()) + digits + '_' + HALF_ZERO;
    }
}
