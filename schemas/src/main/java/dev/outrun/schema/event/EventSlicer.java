package dev.outrun.schema.event;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Cuts one append, {@code [{"type": ..., "data": ...}, ...]} in UTF-8, into its events without
 * parsing their data: the bytes of each {@code data} are a slice of the append.
 *
 * <p>The ledger has checked that the append is JSON of this shape, so this is a scanner, not a
 * validator; it still refuses, with an {@link IllegalArgumentException} naming the byte, whatever
 * does not have the shape, because a row can be written around the ledger's functions. Not for use
 * by two threads.
 */
public final class EventSlicer {

    private static final byte[] NULL = {'n', 'u', 'l', 'l'};
    private static final byte[] TYPE = {'t', 'y', 'p', 'e'};
    private static final byte[] DATA = {'d', 'a', 't', 'a'};

    private final byte[] append;
    private int at;
    private String type = "";
    private int dataFrom;
    private int dataTo;

    /** A slicer before the first event of this append. */
    public EventSlicer(byte[] append) {
        this.append = append;
        expect('[');
    }

    /** Moves to the next event; false after the last one. */
    public boolean next() {
        skipSpace();
        if (peek() == ']') {
            at++;
            skipSpace();
            if (at != append.length) {
                throw unexpected("the end");
            }
            return false;
        }
        if (!type.isEmpty()) {
            expect(',');
        }
        readEvent();
        return true;
    }

    /** The current event's type. */
    public String type() {
        return type;
    }

    /** A copy of the current event's data; {@code null} in JSON where it has none. */
    public byte[] data() {
        return dataTo == 0 ? NULL : Arrays.copyOfRange(append, dataFrom, dataTo);
    }

    private void readEvent() {
        type = "";
        dataFrom = 0;
        dataTo = 0;
        expect('{');
        boolean first = true;
        for (skipSpace(); peek() != '}'; skipSpace()) {
            if (!first) {
                expect(',');
                skipSpace();
            }
            first = false;
            readField();
        }
        at++;
        if (type.isEmpty()) {
            throw unexpected("an event with a type");
        }
    }

    private void readField() {
        int keyFrom = at + 1;
        skipString();
        int keyTo = at - 1;
        expect(':');
        skipSpace();
        int valueFrom = at;
        skipValue();
        if (is(TYPE, keyFrom, keyTo)) {
            type = typeBetween(valueFrom, at);
        } else if (is(DATA, keyFrom, keyTo)) {
            dataFrom = valueFrom;
            dataTo = at;
        } else {
            throw new IllegalArgumentException(
                    "an event has a field other than type and data at byte " + keyFrom);
        }
    }

    private String typeBetween(int from, int to) {
        for (int i = from + 1; i < to - 1; i++) {
            byte b = append[i];
            if (b <= ' ' || b == '"' || b == '\\') {
                throw new IllegalArgumentException(
                        "an event's type has an illegal character at byte " + i);
            }
        }
        if (append[from] != '"' || to - from < 3) {
            throw new IllegalArgumentException("an event's type is not a name at byte " + from);
        }
        return new String(append, from + 1, to - from - 2, StandardCharsets.US_ASCII);
    }

    private boolean is(byte[] key, int from, int to) {
        return Arrays.equals(append, from, to, key, 0, key.length);
    }

    private void skipValue() {
        switch (peek()) {
            case '"' -> skipString();
            case '{', '[' -> skipNested();
            default -> skipScalar();
        }
    }

    /** Skips an object or array: brackets are counted, strings are passed over. */
    private void skipNested() {
        int depth = 0;
        do {
            switch (peek()) {
                case '{', '[' -> depth++;
                case '}', ']' -> depth--;
                case '"' -> {
                    skipString();
                    continue;
                }
                default -> {}
            }
            at++;
        } while (depth > 0);
    }

    private void skipScalar() {
        int from = at;
        while (at < append.length) {
            switch (append[at]) {
                case ',', '}', ']', ' ', '\t', '\n', '\r' -> {
                    if (at == from) {
                        throw unexpected("a value");
                    }
                    return;
                }
                default -> at++;
            }
        }
    }

    private void skipString() {
        expect('"');
        while (peek() != '"') {
            at += append[at] == '\\' ? 2 : 1;
        }
        at++;
    }

    private void skipSpace() {
        while (at < append.length) {
            switch (append[at]) {
                case ' ', '\t', '\n', '\r' -> at++;
                default -> {
                    return;
                }
            }
        }
    }

    private void expect(char wanted) {
        skipSpace();
        if (peek() != wanted) {
            throw unexpected("'" + wanted + "'");
        }
        at++;
    }

    private int peek() {
        if (at >= append.length) {
            throw unexpected("more");
        }
        return append[at];
    }

    private IllegalArgumentException unexpected(String wanted) {
        return new IllegalArgumentException(
                "expected " + wanted + " at byte " + at + " of " + append.length);
    }
}
