package dev.outrun.api.access;

/**
 * What one caller may ask of a node: bounds so that one does not take what is everybody's.
 *
 * @param callsPerSecond calls that may begin in a second, on average
 * @param callsBurst calls that may begin at once after a silence
 * @param callsMax calls under way at once, event streams aside
 * @param streamsMax event streams open at once
 */
public record CallerLimits(int callsPerSecond, int callsBurst, int callsMax, int streamsMax) {

    /** What an application with many threads and readers needs, and a tenth of what a node has. */
    public static final CallerLimits DEFAULT = new CallerLimits(1_000, 2_000, 256, 1_000);

    private static final int MOST = 1_000_000;

    public CallerLimits {
        check("calls_per_second", callsPerSecond);
        check("calls_burst", callsBurst);
        check("calls_max", callsMax);
        check("streams_max", streamsMax);
    }

    private static void check(String name, int value) {
        if (value < 1 || value > MOST) {
            throw new IllegalArgumentException(
                    "access.limits." + name + " is " + value + ", not 1 to " + MOST);
        }
    }
}
