package dev.outrun.connector.topic;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * How many run topics there are, and how many there may be. Thread-safe.
 *
 * <p>Those that the reaper has listed last, and those that this process has made, or given out ids
 * for, since. What others make between two listings shows with the next one: connectors for runs
 * that were started through SQL, and other nodes. Before the first listing nothing else is known.
 */
public final class RunTopicCount {

    private final int max;
    private int listed;
    private int listing;

    /** Made or given out since, by the number of the listing before them. */
    private final Map<String, Integer> since = new HashMap<>();

    /** None so far. */
    public RunTopicCount(RunTopicLimits limits) {
        this.max = limits.max();
    }

    /** How many there are. */
    public synchronized int count() {
        return listed + since.size();
    }

    /** How many there may be. */
    public int max() {
        return max;
    }

    /** Whether the limit is reached. */
    public boolean isFull() {
        return count() >= max;
    }

    /** Counts one that is about to be made; false, and not counted, if that would be too many. */
    synchronized boolean add(String topic) {
        if (isFull()) {
            return false;
        }
        since.put(topic, listing);
        return true;
    }

    /** These are gone, or have not come to be. */
    synchronized void remove(Collection<String> topics) {
        for (String topic : topics) {
            if (since.remove(topic) == null && listed > 0) {
                listed--;
            }
        }
    }

    /** A listing begins: what is counted from now on is perhaps not in it. */
    synchronized void beginListing() {
        listing++;
    }

    /** The listing that has begun last gave these. */
    synchronized void list(Set<String> topics) {
        listed = topics.size();
        since.entrySet()
                .removeIf(made -> made.getValue() < listing || topics.contains(made.getKey()));
    }
}
