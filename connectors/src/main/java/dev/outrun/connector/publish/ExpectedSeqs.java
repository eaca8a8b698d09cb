package dev.outrun.connector.publish;

import dev.outrun.schema.run.RunId;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The next seq each run's topic needs, for the runs used last. One thread, but for what is said of
 * an {@link Entry}.
 *
 * <p>A run falls out only when all its records are acknowledged: its topic's end is what will be
 * asked for when it comes back.
 */
final class ExpectedSeqs {

    private final int runsMax;
    private final LinkedHashMap<RunId, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

    /** One run's place. */
    static final class Entry {
        final RunId run;
        final String topic;

        /** Whose producer has sent its last record; 0 if none has. See {@link RunProducers}. */
        int generation;

        private long next;
        private int inFlight;
        private boolean broken;
        private List<Stretch> owed = new ArrayList<>();

        private Entry(RunId run, String topic, long next) {
            this.run = run;
            this.topic = topic;
            this.next = next;
        }

        /** The seq of the next record that its topic lacks. */
        long next() {
            return next;
        }

        /** The topic is going to be filled from this seq on. */
        void restart(long seq) {
            next = seq;
        }

        /** The next record is being sent. */
        synchronized void sending() {
            next++;
            inFlight++;
        }

        /** A record has been acknowledged. Any thread. */
        synchronized void acknowledged() {
            inFlight--;
        }

        /**
         * A record has been acknowledged at an offset that is not its seq. Any thread.
         *
         * @param counting where it counts as not acknowledged, until the topic is right
         */
        synchronized void astray(@Nullable Stretch counting) {
            inFlight--;
            broken = true;
            if (counting != null) {
                owed.add(counting);
            }
        }

        /** The topic does not hold what it should. Any thread. */
        synchronized void breaks() {
            broken = true;
        }

        synchronized boolean isBroken() {
            return broken;
        }

        synchronized boolean isInFlight() {
            return inFlight > 0;
        }

        /** The topic is about to be made right; where its records still count. */
        synchronized List<Stretch> mend() {
            broken = false;
            List<Stretch> taken = owed;
            owed = new ArrayList<>();
            return taken;
        }

        private synchronized boolean isIdle() {
            return inFlight == 0 && !broken;
        }
    }

    ExpectedSeqs(int runsMax) {
        this.runsMax = runsMax;
    }

    @Nullable Entry get(RunId run) {
        return entries.get(run);
    }

    /** Learns of a run; the one used longest ago falls out for it. */
    Entry put(RunId run, String topic, long next) {
        Entry entry = new Entry(run, topic, next);
        entries.put(run, entry);
        Iterator<Entry> eldest = entries.values().iterator();
        while (entries.size() > runsMax && eldest.next().isIdle()) {
            eldest.remove();
            eldest = entries.values().iterator();
        }
        return entry;
    }

    /** Those with records that are not acknowledged yet. */
    List<Entry> inFlight() {
        return entries.values().stream().filter(Entry::isInFlight).toList();
    }

    int size() {
        return entries.size();
    }
}
