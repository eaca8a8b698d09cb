package dev.outrun.connector.publish;

import dev.outrun.schema.run.RunId;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The next seq each run's topic needs, for the runs used last. One thread, but for {@link
 * Entry#acknowledged}.
 *
 * <p>A run falls out only when all its records are acknowledged: its topic's end is what will be
 * asked for when it comes back.
 */
final class ExpectedSeqs {

    private final int runsMax;
    private final LinkedHashMap<RunId, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

    /** One run's place. */
    static final class Entry {
        final String topic;
        private long next;
        private final AtomicInteger inFlight = new AtomicInteger();

        private Entry(String topic, long next) {
            this.topic = topic;
            this.next = next;
        }

        /** The seq of the next record that its topic lacks. */
        long next() {
            return next;
        }

        /** The next record is being sent. */
        void sending() {
            next++;
            inFlight.incrementAndGet();
        }

        /** A record has been acknowledged. Any thread. */
        void acknowledged() {
            inFlight.decrementAndGet();
        }
    }

    ExpectedSeqs(int runsMax) {
        this.runsMax = runsMax;
    }

    @Nullable Entry get(RunId run) {
        return entries.get(run);
    }

    /** Learns of a run; the one used longest ago falls out for it. */
    void put(RunId run, String topic, long next) {
        entries.put(run, new Entry(topic, next));
        Iterator<Entry> eldest = entries.values().iterator();
        while (entries.size() > runsMax && eldest.next().inFlight.get() == 0) {
            eldest.remove();
            eldest = entries.values().iterator();
        }
    }

    int size() {
        return entries.size();
    }
}
