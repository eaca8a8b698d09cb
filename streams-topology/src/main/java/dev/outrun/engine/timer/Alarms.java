package dev.outrun.engine.timer;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Timers of which everybody has at most one, and may move it: an alarm clock each. For one thread.
 *
 * @param <T> whose alarms they are
 */
public final class Alarms<T extends Comparable<? super T>> {

    private final Timers<T> timers = new Timers<>();
    private final Map<T, Instant> set = new HashMap<>();

    /** Sets somebody's alarm to this time, whatever it was set to before; null: to none. */
    public void set(T of, @Nullable Instant at) {
        Instant before = at == null ? set.remove(of) : set.put(of, at);
        if (before != null) {
            timers.cancel(before, of);
        }
        if (at != null) {
            timers.set(at, of);
        }
    }

    /** Whose alarm goes off by now, the earliest first, and is set no more; null: nobody's. */
    public @Nullable T pollDue(Instant now) {
        T due = timers.pollDue(now);
        if (due != null) {
            set.remove(due);
        }
        return due;
    }

    /** When the first one goes off; null: none is set. */
    public @Nullable Instant nextDue() {
        return timers.nextDue();
    }
}
