package dev.outrun.connector.topic;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * How many run topics there are, and how many there may be. Thread-safe.
 *
 * <p>Those that the reaper has listed last, and those that this process has made, or given out ids
 * for, shortly before it or since: brokers that are busy making topics list them seconds later.
 * What others make shows with the next listing: connectors for runs that were started through SQL,
 * and other nodes. An id that was given out and not used counts for two listings. Before the first
 * listing nothing is known of what was there.
 */
public final class RunTopicCount {

    private final int max;
    private int listed;
    private int listing;

    /** Made or given out here and not listed yet, with the number of the listing before them. */
    private final Map<String, Integer> unlisted = new HashMap<>();

    /** None so far. */
    public RunTopicCount(RunTopicLimits limits) {
        this.max = limits.max();
    }

    /** How many there are. */
    public synchronized int count() {
        return listed + unlisted.size();
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
        unlisted.put(topic, listing);
        return true;
    }

    /** These are gone, or have not come to be. */
    synchronized void remove(Collection<String> topics) {
        for (String topic : topics) {
            if (unlisted.remove(topic) == null && listed > 0) {
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
        unlisted.entrySet()
                .removeIf(made -> made.getValue() < listing - 1 || topics.contains(made.getKey()));
    }
}
