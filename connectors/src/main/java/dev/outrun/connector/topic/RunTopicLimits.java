package dev.outrun.connector.topic;

import java.time.Duration;

/**
 * How long run topics stay, and how many there may be.
 *
 * @param retention of a run's topic after the run has finished: a minute at least, since clocks
 *     differ and a reader who has just seen the end may still be at it
 * @param max at which no further run is started over HTTP
 */
public record RunTopicLimits(Duration retention, int max) {

    private static final Duration RETENTION_MIN = Duration.ofMinutes(1);
    private static final Duration RETENTION_MAX = Duration.ofDays(36_500);
    private static final int MAX_MAX = 1_000_000;

    /**
     * A week; and room left below the 30,000 or so at which a broker falls over that may map 65,530
     * files: it maps two for each topic.
     */
    public static final RunTopicLimits DEFAULT = new RunTopicLimits(Duration.ofDays(7), 20_000);

    public RunTopicLimits {
        if (retention.compareTo(RETENTION_MIN) < 0 || retention.compareTo(RETENTION_MAX) > 0) {
            throw new IllegalArgumentException(
                    "run-topics.retention is %s, not %s to %s"
                            .formatted(retention, RETENTION_MIN, RETENTION_MAX));
        }
        if (max < 1 || max > MAX_MAX) {
            throw new IllegalArgumentException(
                    "run-topics.max is %d, not 1 to %d".formatted(max, MAX_MAX));
        }
    }
}
