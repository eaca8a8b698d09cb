package dev.outrun.server;

import java.time.Duration;

/**
 * The worker.
 *
 * @param samples whether it has the sample handlers, besides those of the user's
 * @param concurrency attempts that it makes at a time
 * @param emitDelay how long an emitted event may wait for others to share its append
 * @param closeGrace how long handlers may go on when the process is stopped; what is not done by
 *     then is handed back, and goes on wherever a worker takes it
 */
public record WorkerSection(
        boolean samples, int concurrency, Duration emitDelay, Duration closeGrace) {

    public static final WorkerSection DEFAULT =
            new WorkerSection(false, 256, Duration.ofMillis(5), Duration.ofSeconds(5));

    /** For a process that somebody waits for to stop. */
    static final WorkerSection HASTY =
            new WorkerSection(true, DEFAULT.concurrency, DEFAULT.emitDelay, Duration.ofMillis(500));
}
