package dev.outrun.schema.topic;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;

/**
 * The time in an event's header, such as {@code 2026-11-22T10:15:30.123456Z}. Every reader reads it
 * of every event, and Java's own parser takes as long for it as for all the rest.
 */
final class HeaderTime {

    private static final int SECONDS_LENGTH = "2026-11-22T10:15:30".length();
    private static final int NANO_DIGITS = 9;

    private HeaderTime() {}

    /**
     * What {@link Instant#parse} makes of it.
     *
     * @throws java.time.DateTimeException if that cannot read it either
     */
    static Instant parse(String text) {
        return isPlain(text) ? plain(text) : Instant.parse(text);
    }

    /** Whether it is as {@link Instant#toString} writes the years 0 to 9999. */
    private static boolean isPlain(String text) {
        int end = text.length() - 1;
        if (end < SECONDS_LENGTH
                || end > SECONDS_LENGTH + 1 + NANO_DIGITS
                || end == SECONDS_LENGTH + 1
                || text.charAt(end) != 'Z') {
            return false;
        }
        for (int i = 0; i < end; i++) {
            char expected =
                    switch (i) {
                        case 4, 7 -> '-';
                        case 10 -> 'T';
                        case 13, 16 -> ':';
                        case 19 -> '.';
                        default -> '0';
                    };
            char is = text.charAt(i);
            if (expected == '0' ? is < '0' || is > '9' : is != expected) {
                return false;
            }
        }
        return number(text, 11, 13) < 24 && number(text, 17, 19) < 60;
    }

    private static Instant plain(String text) {
        LocalDate day = LocalDate.of(number(text, 0, 4), number(text, 5, 7), number(text, 8, 10));
        LocalTime time =
                LocalTime.of(
                        number(text, 11, 13),
                        number(text, 14, 16),
                        number(text, 17, 19),
                        nanos(text));
        return day.atTime(time).toInstant(ZoneOffset.UTC);
    }

    private static int nanos(String text) {
        int from = SECONDS_LENGTH + 1;
        int until = Math.max(from, text.length() - 1);
        int nanos = number(text, from, until);
        for (int digits = until - from; digits < NANO_DIGITS; digits++) {
            nanos *= 10;
        }
        return nanos;
    }

    private static int number(String text, int from, int until) {
        int number = 0;
        for (int i = from; i < until; i++) {
            number = number * 10 + (text.charAt(i) - '0');
        }
        return number;
    }
}
