package dev.outrun.analytics;

import dev.outrun.schema.analytics.Window;
import dev.outrun.schema.analytics.WindowKey;
import java.time.Duration;
import java.util.Map;
import java.util.Set;

/** Windows as they were said last. */
record Said(Map<WindowKey, Window> windows) {

    /** The key of a series' window, by the minute after the start. */
    static WindowKey key(int minute, Series series) {
        return new WindowKey(
                0,
                AnalyticsScenario.START.plus(Duration.ofMinutes(minute)),
                series.tenant(),
                series.queue(),
                series.handler());
    }

    Set<WindowKey> keys() {
        return windows.keySet();
    }

    /** The window of the usual series in that minute. */
    Window in(int minute) {
        return in(minute, AnalyticsScenario.SERIES);
    }

    Window in(int minute, Series series) {
        Window window = windows.get(key(minute, series));
        if (window == null) {
            throw new AssertionError(
                    "not said: minute " + minute + " of " + series + ": " + keys());
        }
        return window;
    }
}
