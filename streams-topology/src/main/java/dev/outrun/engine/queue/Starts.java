package dev.outrun.engine.queue;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The starts of a queue within its rate's period, so that no period ever has more than the limit. A
 * start counts from the time it was heard of, which is never before it happened. Starts that come
 * within a hundredth of the period are kept, and forgotten, as one group: at most 101 groups, for
 * at most a hundredth of the rate. For one thread.
 */
public final class Starts {

    private static final int GROUPS_PER_PERIOD = 100;

    /**
     * Starts that lapse together.
     *
     * @param first the first of them
     * @param last the last of them: a period after it they count no longer
     */
    public record Group(Instant first, Instant last, int count) {}

    private final Deque<Group> groups = new ArrayDeque<>();

    Starts(List<Group> groups) {
        this.groups.addAll(groups);
    }

    List<Group> groups() {
        return new ArrayList<>(groups);
    }

    void add(Instant now, Duration period) {
        forget(now, period);
        Group latest = groups.peekLast();
        if (latest != null
                && now.isBefore(latest.first().plus(period.dividedBy(GROUPS_PER_PERIOD)))) {
            groups.removeLast();
            groups.addLast(new Group(latest.first(), now, latest.count() + 1));
        } else {
            groups.addLast(new Group(now, now, 1));
        }
    }

    /** How many there were within a period before this time. */
    int within(Instant now, Duration period) {
        forget(now, period);
        return groups.stream().mapToInt(Group::count).sum();
    }

    /** When there will be fewer than so many, if no more are added; null if that is never. */
    @Nullable Instant fewerThan(int count, Duration period) {
        int left = groups.stream().mapToInt(Group::count).sum();
        Iterator<Group> oldest = groups.iterator();
        while (oldest.hasNext() && count > 0) {
            Group group = oldest.next();
            left -= group.count();
            if (left < count) {
                return group.last().plus(period);
            }
        }
        return null;
    }

    private void forget(Instant now, Duration period) {
        for (Group oldest = groups.peekFirst();
                oldest != null && !oldest.last().plus(period).isAfter(now);
                oldest = groups.peekFirst()) {
            groups.removeFirst();
        }
    }
}
