package dev.outrun.analytics;

import dev.outrun.schema.run.RunId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * A shard's runs: those that are open, and, for a while, those that have ended. In memory, and
 * every change in the store, so that an event that comes again is known to have come.
 *
 * <p>A run that has ended is remembered for as long as a connector that lost its lease could still
 * publish what it had in its buffers, or else its first event, coming once more, would be a run of
 * its own.
 */
final class Tracks {

    static final int CLOSED_MAX = 50_000;

    /** Several times the lease of a connector, by the time of events. */
    static final Duration CLOSED_KEPT = Duration.ofMinutes(2);

    private final KeyValueStore<String, RunTrack> store;
    private final Map<RunId, RunTrack> runs = new HashMap<>();
    private final Deque<RunId> closed = new ArrayDeque<>();

    /** The runs in the store. */
    Tracks(KeyValueStore<String, RunTrack> store) {
        this.store = store;
        try (var stored = store.all()) {
            while (stored.hasNext()) {
                var each = stored.next();
                runs.put(RunId.parse(each.key), each.value);
            }
        }
        runs.entrySet().stream()
                .filter(each -> each.getValue().closedAt() != null)
                .sorted(Comparator.comparing(each -> closedAt(each.getValue())))
                .forEach(each -> closed.add(each.getKey()));
    }

    @Nullable RunTrack get(RunId run) {
        return runs.get(run);
    }

    /** Runs it holds, the ended ones included. */
    int size() {
        return runs.size();
    }

    /** Puts a run where it is now; where it has ended, others are forgotten that had before. */
    void move(RunId id, RunTrack run) {
        runs.put(id, run);
        store.put(id.toString(), run);
        if (run.closedAt() != null) {
            closed.add(id);
            forgetOld(run.closedAt().minus(CLOSED_KEPT));
        }
    }

    private void forgetOld(Instant before) {
        for (RunId oldest = closed.peek(); oldest != null; oldest = closed.peek()) {
            RunTrack run = runs.get(oldest);
            boolean old = run == null || closedAt(run).isBefore(before);
            if (!old && closed.size() <= CLOSED_MAX) {
                return;
            }
            closed.remove();
            runs.remove(oldest);
            store.put(oldest.toString(), null); // delete() would read it, to return it
        }
    }

    private static Instant closedAt(RunTrack run) {
        Instant at = run.closedAt();
        return at == null ? Instant.MAX : at;
    }
}
