package dev.outrun.engine.timer;

import java.time.Instant;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A shard's timers of one kind, earliest first: an index over the times at which what it has stored
 * is due. Kept in memory and made anew when a shard is taken over, so that it can never disagree
 * with what is stored. For one thread.
 *
 * @param <T> whose timers they are
 */
public final class Timers<T extends Comparable<? super T>> {

    private record Timer<T extends Comparable<? super T>>(Instant due, T of)
            implements Comparable<Timer<T>> {

        @Override
        public int compareTo(Timer<T> other) {
            int byTime = due.compareTo(other.due);
            return byTime == 0 ? of.compareTo(other.of) : byTime;
        }
    }

    private final TreeSet<Timer<T>> timers = new TreeSet<>();

    public void set(Instant due, T of) {
        timers.add(new Timer<>(due, of));
    }

    /** Takes a timer back; nothing if it has fired. */
    public void cancel(Instant due, T of) {
        timers.remove(new Timer<>(due, of));
    }

    /** Takes the earliest timer that is due by now, and returns whose it is; null if none is. */
    public @Nullable T pollDue(Instant now) {
        if (timers.isEmpty() || timers.first().due().isAfter(now)) {
            return null;
        }
        Timer<T> earliest = timers.pollFirst();
        return earliest == null ? null : earliest.of();
    }

    /** When the earliest is due; null if there is none. */
    public @Nullable Instant nextDue() {
        return timers.isEmpty() ? null : timers.first().due();
    }

    public int size() {
        return timers.size();
    }
}
