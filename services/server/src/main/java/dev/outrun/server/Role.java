package dev.outrun.server;

import java.util.Locale;

/** What a process of Outrun may be, besides others: any of them together. */
public enum Role {
    /** Takes requests, and gives logs to read, live or again. */
    API,
    /** Publishes what is appended, or stands by for who does. */
    CONNECTOR,
    /** Decides what happens next; with it go the recorder of its decisions, and analytics. */
    ENGINE,
    /** Makes attempts. */
    WORKER;

    /** Its name in settings. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
