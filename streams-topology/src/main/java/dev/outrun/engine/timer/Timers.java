package dev.outrun.engine.timer;

import dev.outrun.schema.run.RunId;
import java.time.Instant;
import java.util.Comparator;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A shard's timers, earliest first: an index over the open runs' due times, at most one per run.
 * Kept in memory and made anew from the runs when a shard is taken over, so that it can never
 * disagree with them. For one thread.
 */
public final class Timers {

    private record Timer(Instant due, RunId run) {}

    private final TreeSet<Timer> timers =
            new TreeSet<>(Comparator.comparing(Timer::due).thenComparing(Timer::run));

    public void set(Instant due, RunId run) {
        timers.add(new Timer(due, run));
    }

    /** Takes a timer back; nothing if it has fired. */
    public void cancel(Instant due, RunId run) {
        timers.remove(new Timer(due, run));
    }

    /** Takes the earliest timer that is due by now, and returns its run; null if none is. */
    public @Nullable RunId pollDue(Instant now) {
        if (timers.isEmpty() || timers.first().due().isAfter(now)) {
            return null;
        }
        Timer earliest = timers.pollFirst();
        return earliest == null ? null : earliest.run();
    }

    public int size() {
        return timers.size();
    }
}
