package dev.outrun.analytics;

import dev.outrun.schema.analytics.WindowKey;
import java.time.Duration;

/**
 * What an operator may say about windows.
 *
 * @param grace how much later than the newest window's start an event's own may be and still be
 *     counted, of which the windows stay in memory; whole minutes, one to a week. Events come late
 *     where their transactions were long, or were published again
 */
public record AnalyticsSettings(Duration grace) {

    private static final Duration MOST = Duration.ofDays(7);

    public static final AnalyticsSettings DEFAULT = new AnalyticsSettings(Duration.ofHours(1));

    public AnalyticsSettings {
        if (grace.compareTo(WindowKey.SIZE) < 0
                || grace.compareTo(MOST) > 0
                || !grace.equals(Duration.ofMinutes(grace.toMinutes()))) {
            throw new IllegalArgumentException(
                    "analytics.grace is "
                            + grace
                            + ", not whole minutes from "
                            + WindowKey.SIZE
                            + " to "
                            + MOST);
        }
    }
}
