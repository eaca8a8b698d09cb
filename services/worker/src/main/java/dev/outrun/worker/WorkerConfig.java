package dev.outrun.worker;

import dev.outrun.schema.work.Heartbeat;
import java.time.Duration;

/**
 * What a worker is.
 *
 * @param name the same after a restart, different from every other worker's
 * @param session when this life of it began, epoch milliseconds; greater than that of every earlier
 *     one
 * @param concurrency how many attempts it makes at a time, 1 to 100,000
 * @param emitDelay how long an emitted event may wait for others, to be appended together; 0 to a
 *     minute
 * @param closeGrace how long handlers may go on when the worker is closed, before they are
 *     interrupted; 0 to an hour
 */
public record WorkerConfig(
        String name, long session, int concurrency, Duration emitDelay, Duration closeGrace) {

    private static final int CONCURRENCY_DEFAULT = 64;
    private static final int CONCURRENCY_MAX = 100_000;
    private static final Duration EMIT_DELAY_DEFAULT = Duration.ofMillis(5);
    private static final Duration EMIT_DELAY_MAX = Duration.ofMinutes(1);
    private static final Duration CLOSE_GRACE_DEFAULT = Duration.ofSeconds(5);
    private static final Duration CLOSE_GRACE_MAX = Duration.ofHours(1);

    public WorkerConfig {
        if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,62}")) {
            throw new IllegalArgumentException("worker.name '" + name + "' is not a name");
        }
        if (session < 1) {
            throw new IllegalArgumentException("worker.session is " + session + ", not positive");
        }
        if (concurrency < 1 || concurrency > CONCURRENCY_MAX) {
            throw new IllegalArgumentException(
                    "worker.concurrency is " + concurrency + ", not 1 to " + CONCURRENCY_MAX);
        }
        check("worker.emit_delay", emitDelay, EMIT_DELAY_MAX);
        check("worker.close_grace", closeGrace, CLOSE_GRACE_MAX);
    }

    /** A worker with everything else as it usually is. */
    public static WorkerConfig of(String name, long session) {
        return new WorkerConfig(
                name, session, CONCURRENCY_DEFAULT, EMIT_DELAY_DEFAULT, CLOSE_GRACE_DEFAULT);
    }

    /** The name under which this life of it claims attempts. */
    public String claimant() {
        return Heartbeat.claimant(name, session);
    }

    private static void check(String path, Duration value, Duration most) {
        if (value.isNegative() || value.compareTo(most) > 0) {
            throw new IllegalArgumentException(path + " is " + value + ", not PT0S to " + most);
        }
    }
}
