package dev.outrun.connector.source;

import org.jspecify.annotations.Nullable;

/**
 * What the server says of a slot while it is in use.
 *
 * @param active whether somebody reads from it
 * @param lagBytes of the log behind what is confirmed: to be streamed yet, or once more
 * @param retainedBytes of the log that the server keeps because of it
 * @param safeBytes that may still be written before the server lets go of what the slot needs; null
 *     where nothing bounds it
 * @param invalidation why the server has given it up, in the server's words; null while it has not,
 *     and before PostgreSQL 17, which says no more than that the log is lost
 * @param failover whether a standby may have a copy of it, to go on with after a failover
 */
public record SlotHealth(
        boolean active,
        WalStatus walStatus,
        long lagBytes,
        long retainedBytes,
        @Nullable Long safeBytes,
        @Nullable String invalidation,
        boolean failover) {

    /** What is certain of the log that a slot needs. */
    public enum WalStatus {
        /** It is within {@code max_wal_size}. */
        RESERVED,
        /** It is more than that, and kept because of slots or {@code wal_keep_size}. */
        EXTENDED,
        /** The next checkpoint may remove it. */
        UNRESERVED,
        /** It is gone. */
        LOST
    }

    /** Whether it can never deliver again what it was to deliver. */
    public boolean isLost() {
        return walStatus == WalStatus.LOST || invalidation != null;
    }
}
