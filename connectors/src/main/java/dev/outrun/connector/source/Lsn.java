package dev.outrun.connector.source;

/**
 * A position in Postgres' write-ahead log, in bytes from its beginning; unsigned. As text it is as
 * Postgres writes it, {@code 16/B374D848}.
 */
public record Lsn(long value) implements Comparable<Lsn> {

    /**
     * Reads Postgres' text form.
     *
     * @throws IllegalArgumentException if it is not two hexadecimal numbers with a slash between
     */
    public static Lsn parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException("'" + text + "' is not a log position");
        }
        long high = Integer.parseUnsignedInt(text, 0, slash, 16);
        long low = Integer.parseUnsignedInt(text, slash + 1, text.length(), 16);
        return new Lsn((high << 32) | (low & 0xFFFF_FFFFL));
    }

    /** Whether this position is before the other one. */
    public boolean isBefore(Lsn other) {
        return compareTo(other) < 0;
    }

    @Override
    public int compareTo(Lsn other) {
        return Long.compareUnsigned(value, other.value);
    }

    @Override
    public String toString() {
        return Integer.toHexString((int) (value >>> 32)).toUpperCase(java.util.Locale.ROOT)
                + "/"
                + Integer.toHexString((int) value).toUpperCase(java.util.Locale.ROOT);
    }
}
