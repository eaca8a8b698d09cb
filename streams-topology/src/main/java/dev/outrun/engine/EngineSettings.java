package dev.outrun.engine;

import dev.outrun.engine.run.Patience;
import java.time.Duration;

/**
 * What an operator may say about the engine's rules.
 *
 * @param patience when it repeats itself
 * @param workerTimeout how long a worker may be silent before its attempts are lost; 100 ms to a
 *     day, and several heartbeats long
 * @param tasksOutMax tasks of one handler in one queue and shard that nobody has claimed yet; what
 *     is behind them waits in its queue's order; 1 to 1,000,000
 */
public record EngineSettings(Patience patience, Duration workerTimeout, int tasksOutMax) {

    private static final Duration LEAST = Duration.ofMillis(100);
    private static final Duration MOST = Duration.ofDays(1);

    /** For workers that say once a second that they live. */
    public static final EngineSettings DEFAULT =
            new EngineSettings(Patience.DEFAULT, Duration.ofSeconds(10), 256);

    public EngineSettings {
        if (workerTimeout.compareTo(LEAST) < 0 || workerTimeout.compareTo(MOST) > 0) {
            throw new IllegalArgumentException(
                    "engine.worker_timeout is " + workerTimeout + ", not " + LEAST + " to " + MOST);
        }
        if (tasksOutMax < 1 || tasksOutMax > 1_000_000) {
            throw new IllegalArgumentException(
                    "engine.tasks_out_max is " + tasksOutMax + ", not 1 to 1000000");
        }
    }
}
