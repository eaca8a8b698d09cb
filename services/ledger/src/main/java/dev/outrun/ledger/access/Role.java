package dev.outrun.ledger.access;

import java.util.Locale;

/** What a caller may do, and what a call asks for: each may do what those before it may. */
public enum Role {
    /** Nothing but what needs no key. No key has it. */
    ANYONE,
    /** Reads runs, their events, schedules and windows. */
    READER,
    /** Also starts, appends, cancels, signals and forks, and changes schedules and streams. */
    WRITER,
    /** Also takes tasks and says how they end; handlers start runs, and signal to them. */
    WORKER,
    /** Everything. */
    ADMIN;

    /** Whether who has this role may do what asks for that one. */
    public boolean includes(Role asked) {
        return compareTo(asked) >= 0;
    }

    /** Its name on the wire and in the database, such as {@code reader}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The role of this name, as somebody may have it.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Role of(String text) {
        for (Role role : values()) {
            if (role != ANYONE && role.text().equals(text)) {
                return role;
            }
        }
        throw new IllegalArgumentException("a role is reader, writer, worker or admin");
    }
}
