package dev.outrun.engine.run;

import java.time.Duration;

/**
 * How long the engine waits for the event that answers what it said, before it says it again.
 *
 * @param redispatchAfter a task not claimed; doubles with every sending, up to sixteen times, so
 *     that a backlog longer than this does not bury the workers in copies
 * @param redecideAfter a decision not recorded
 * @param reinterruptAfter an interrupted attempt that has not ended
 * @param cancelGrace an interrupted attempt that never ends: the run is cancelled without it
 * @param lostAttemptsMax how many attempts of a run may be lost or handed back before it fails; 1
 *     to 1,000,000
 */
public record Patience(
        Duration redispatchAfter,
        Duration redecideAfter,
        Duration reinterruptAfter,
        Duration cancelGrace,
        int lostAttemptsMax) {

    private static final Duration LEAST = Duration.ofMillis(1);
    private static final Duration MOST = Duration.ofDays(1);
    private static final int DOUBLINGS_MAX = 4;

    /** What suits a broker and a database that answer within a second. */
    public static final Patience DEFAULT =
            new Patience(
                    Duration.ofSeconds(30),
                    Duration.ofSeconds(5),
                    Duration.ofSeconds(5),
                    Duration.ofSeconds(30),
                    100);

    public Patience {
        check("redispatch_after", redispatchAfter);
        check("redecide_after", redecideAfter);
        check("reinterrupt_after", reinterruptAfter);
        check("cancel_grace", cancelGrace);
        if (lostAttemptsMax < 1 || lostAttemptsMax > 1_000_000) {
            throw new IllegalArgumentException(
                    "engine.lost_attempts_max is " + lostAttemptsMax + ", not 1 to 1000000");
        }
    }

    Duration redispatchAfter(int sent) {
        return redispatchAfter.multipliedBy(1L << Math.min(sent - 1, DOUBLINGS_MAX));
    }

    private static void check(String name, Duration value) {
        if (value.compareTo(LEAST) < 0 || value.compareTo(MOST) > 0) {
            throw new IllegalArgumentException(
                    "engine." + name + " is " + value + ", not " + LEAST + " to " + MOST);
        }
    }
}
