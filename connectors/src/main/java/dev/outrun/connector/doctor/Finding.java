package dev.outrun.connector.doctor;

import org.jspecify.annotations.Nullable;

/**
 * What one check has found.
 *
 * @param check what was looked at, such as {@code postgres.wal_level}
 * @param says what was found, in words
 * @param advice what to do; null where nothing is to be done
 */
public record Finding(Grade grade, String check, String says, @Nullable String advice) {

    /** How bad it is; the later the worse. */
    public enum Grade {
        OK,
        /** It works, and will hurt one day. */
        WARN,
        /** It does not work. */
        FAIL
    }
}
