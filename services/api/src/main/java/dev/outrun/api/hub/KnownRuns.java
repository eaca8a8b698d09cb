package dev.outrun.api.hub;

import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.Run;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.event.PlatformEvent;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whose the runs are that were seen lately. A run says so in its first event; of one that began
 * before, the ledger is asked once. May be used from any thread.
 */
final class KnownRuns {

    /** Some 200 bytes each. */
    private static final int RUNS_MAX = 50_000;

    /** What a run is found by. */
    record Facts(Tenant tenant, String queue, String handler) {}

    /** What is known of a log; no facts where it is no run's. */
    private record Known(Optional<Facts> facts) {}

    private final Ledger ledger;

    /** The least recently used first. */
    private final Map<RunId, Known> known =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<RunId, Known> eldest) {
                    return size() > RUNS_MAX;
                }
            };

    KnownRuns(Ledger ledger) {
        this.ledger = ledger;
    }

    /**
     * Of the run whose event this is; empty where it is a queue's or a schedule's.
     *
     * @throws dev.outrun.schema.error.OutrunException {@code unavailable}
     */
    Optional<Facts> of(Event event) {
        Known before = get(event.run());
        if (before != null) {
            return before.facts();
        }
        Optional<Facts> found = find(event);
        put(event.run(), new Known(found));
        return found;
    }

    private Optional<Facts> find(Event event) {
        if (event.type().equals(EventTypes.REQUESTED)) {
            var requested = WireJson.read(event.data(), PlatformEvent.Requested.class);
            return Optional.of(
                    new Facts(
                            new Tenant(requested.tenant()),
                            requested.queue(),
                            requested.handler()));
        }
        return ledger.run(event.run()).map(KnownRuns::of);
    }

    private static Facts of(Run run) {
        return new Facts(run.tenant(), run.queue(), run.handler());
    }

    private synchronized @Nullable Known get(RunId run) {
        return known.get(run);
    }

    private synchronized void put(RunId run, Known found) {
        known.put(run, found);
    }
}
