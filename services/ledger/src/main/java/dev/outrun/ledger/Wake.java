package dev.outrun.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a suspended run waits for: whichever of these is first.
 *
 * @param at a time; null is none
 * @param signal a signal's name; null is none
 * @param children the end of {@code all} or {@code any} of its children, or of so many; null is of
 *     none
 */
public record Wake(@Nullable Instant at, @Nullable String signal, @Nullable String children) {

    /** This time. */
    public static Wake at(Instant time) {
        return new Wake(time, null, null);
    }

    /** This signal, however late. */
    public static Wake on(String signal) {
        return new Wake(null, signal, null);
    }

    /** The end of so many of its children. */
    public static Wake afterChildren(String howMany) {
        return new Wake(null, null, howMany);
    }
}
