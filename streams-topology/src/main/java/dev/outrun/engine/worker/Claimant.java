package dev.outrun.engine.worker;

import org.jspecify.annotations.Nullable;

/**
 * Who claims attempts, taken apart: a session of a worker, or somebody who has none.
 *
 * @param worker the worker's name; null for a claimant without a session
 * @param session meaningless without a worker
 */
record Claimant(@Nullable String worker, long session) {

    /** Parses what {@link dev.outrun.schema.work.Heartbeat#claimant} writes; anything is legal. */
    static Claimant parse(String text) {
        int at = text.lastIndexOf('@');
        try {
            return at < 0
                    ? new Claimant(null, 0)
                    : new Claimant(
                            text.substring(0, at), Long.parseLong(text, at + 1, text.length(), 10));
        } catch (NumberFormatException noSession) {
            return new Claimant(null, 0); // somebody else's name with an @ in it
        }
    }

    boolean isOf(String name) {
        return name.equals(worker);
    }
}
