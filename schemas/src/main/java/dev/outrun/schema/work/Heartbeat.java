package dev.outrun.schema.work;

import java.util.Optional;

/**
 * A worker's sign of life. Key of its record: the worker's name.
 *
 * @param worker the worker's name, the same after a restart
 * @param session when this life of the worker began, epoch milliseconds: a greater one means that
 *     every attempt of an earlier session is lost
 * @param leaving true in a worker's last one: it runs nothing any more
 */
public record Heartbeat(String worker, long session, boolean leaving) {

    /**
     * The name under which a session claims attempts: worker and session, so that two lives are
     * told apart.
     */
    public static String claimant(String worker, long session) {
        return worker + "@" + session;
    }

    /** The sign of whoever claims attempts under this name; empty for a name without a session. */
    public static Optional<Heartbeat> of(String claimant) {
        int at = claimant.lastIndexOf('@');
        try {
            return at < 0
                    ? Optional.empty()
                    : Optional.of(
                            new Heartbeat(
                                    claimant.substring(0, at),
                                    Long.parseLong(claimant, at + 1, claimant.length(), 10),
                                    false));
        } catch (NumberFormatException noSession) {
            return Optional.empty(); // somebody else's name with an @ in it
        }
    }
}
