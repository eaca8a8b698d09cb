package dev.outrun.analytics;

/** The first byte of what is stored. */
final class Formats {

    private Formats() {}

    /** Refuses what another format wrote: what cannot be read must not be forgotten. */
    static void check(String what, byte[] stored, byte readable) {
        if (stored.length == 0 || stored[0] != readable) {
            throw new IllegalStateException(
                    "a stored "
                            + what
                            + " has format "
                            + (stored.length == 0 ? "none" : stored[0])
                            + "; this analytics reads format "
                            + readable
                            + ": it is older than the one that wrote it");
        }
    }
}
