package dev.outrun.bench.reader;

import dev.outrun.bench.figure.Ages;
import dev.outrun.bench.figure.Figures;
import dev.outrun.bench.reader.Journeys.Journey;
import java.util.List;
import java.util.function.ToLongFunction;

/** Where the time of runs went, hop by hop. Thread-safe. */
public final class Hops {

    public static final String WHOLE = "request to completed, seen";

    private final List<Hop> hops =
            List.of(
                    new Hop(WHOLE, j -> j.completedSeen - j.due),
                    new Hop("  request written", j -> j.requested - j.due),
                    new Hop("  request seen", j -> j.requestedSeen - j.requested),
                    new Hop("  task to claim written", j -> j.started - j.requestedSeen),
                    new Hop("  claim to completed written", j -> j.completed - j.started),
                    new Hop("  completed seen", j -> j.completedSeen - j.completed));

    /** One of them. */
    private static final class Hop {
        private final String name;
        private final ToLongFunction<Journey> length;
        private final Ages ages = new Ages();

        private Hop(String name, ToLongFunction<Journey> length) {
            this.name = name;
            this.length = length;
        }
    }

    public void add(Journey journey) {
        hops.forEach(hop -> hop.ages.add(hop.length.applyAsLong(journey)));
    }

    /** Of how many runs. */
    public long count() {
        return hops.getFirst().ages.count();
    }

    /** Adds a row for each. */
    public void addTo(Figures figures) {
        hops.forEach(hop -> figures.add(hop.name, hop.ages));
    }
}
