package dev.outrun.api;

import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The number in every live answer that its reader says the next time, so that a cache between them
 * takes no later request for this one. It counts intervals of time and never goes back.
 */
final class StreamCursor {

    /** The protocol's own two. */
    private static final Instant EPOCH = Instant.parse("2024-10-09T00:00:00Z");

    private static final Duration INTERVAL = Duration.ofSeconds(20);

    /** An hour ahead: readers who have the present interval's are scattered over as many. */
    private static final int AHEAD_MAX = 180;

    /** What may be given: any number that stays one when so much is added. */
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");

    private StreamCursor() {}

    /**
     * The cursor of an answer.
     *
     * @param given the request's; one that is not ours counts as none
     */
    static String next(@Nullable String given, Instant now, RandomGenerator random) {
        long interval = Duration.between(EPOCH, now).dividedBy(INTERVAL);
        if (given != null && NUMBER.matcher(given).matches()) {
            long before = Long.parseLong(given);
            if (before >= interval) {
                return Long.toString(before + 1 + random.nextInt(AHEAD_MAX));
            }
        }
        return Long.toString(interval);
    }
}
