package dev.outrun.ledger.access;

import java.util.Locale;

/** What a caller may do, and what a call asks for. */
public enum Role {
    /** Nothing but what needs no key. No key has it. */
    ANYONE,
    /** Reads runs, their events, schedules and windows. */
    READER,
    /** Also starts, appends, cancels, signals and forks, and changes schedules. */
    WRITER,
    /** Takes tasks and says how they end; reads what it works on. */
    WORKER,
    /** Everything. */
    ADMIN;

    /** Whether who has this role may do what asks for that one. */
    public boolean includes(Role asked) {
        return switch (this) {
            case ANYONE -> asked == ANYONE;
            case READER -> asked == ANYONE || asked == READER;
            case WRITER -> asked == ANYONE || asked == READER || asked == WRITER;
            case WORKER -> asked == ANYONE || asked == READER || asked == WORKER;
            case ADMIN -> true;
        };
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
