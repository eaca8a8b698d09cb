package dev.outrun.engine;

import dev.outrun.engine.run.Patience;
import java.time.Duration;

/**
 * What an operator may say about the engine's rules.
 *
 * @param patience when it repeats itself
 * @param workerTimeout how long a worker may be silent before its attempts are lost; 100 ms to a
 *     day, and several heartbeats long
 */
public record EngineSettings(Patience patience, Duration workerTimeout) {

    private static final Duration LEAST = Duration.ofMillis(100);
    private static final Duration MOST = Duration.ofDays(1);

    /** For workers that say once a second that they live. */
    public static final EngineSettings DEFAULT =
            new EngineSettings(Patience.DEFAULT, Duration.ofSeconds(10));

    public EngineSettings {
        if (workerTimeout.compareTo(LEAST) < 0 || workerTimeout.compareTo(MOST) > 0) {
            throw new IllegalArgumentException(
                    "engine.worker_timeout is " + workerTimeout + ", not " + LEAST + " to " + MOST);
        }
    }
}
