package dev.outrun.api.board;

import java.time.Duration;

/**
 * Limits of the board.
 *
 * @param retention how long ago a window may have started; older ones are forgotten. The topic has
 *     a week
 * @param windowsMax windows held, about a kibibyte each; beyond, the oldest are forgotten
 * @param clientsMax open subscriptions; one more is refused
 */
public record BoardConfig(Duration retention, int windowsMax, int clientsMax) {

    private static final Duration WEEK = Duration.ofDays(7);

    /** A day of some 70 queues and handlers. */
    public static final BoardConfig DEFAULT = new BoardConfig(Duration.ofHours(24), 100_000, 1_000);

    public BoardConfig {
        check("windows_max", windowsMax, 1, 10_000_000);
        check("clients_max", clientsMax, 1, 1_000_000);
        if (retention.toMinutes() < 1 || retention.compareTo(WEEK) > 0) {
            throw new IllegalArgumentException(
                    "api.board.retention is " + retention + ", not a minute to " + WEEK);
        }
    }

    private static void check(String name, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    "api.board." + name + " is " + value + ", not " + least + " to " + most);
        }
    }
}
