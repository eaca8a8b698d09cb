package dev.outrun.api;

import dev.outrun.api.access.Caller;
import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.Run;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The ledger's runs as a caller sees them: another tenant's is unknown, in the same words and by
 * the same way as one that there is not.
 */
final class VisibleRuns {

    /** Runs that are acted upon at about one time; beyond it all are forgotten. */
    private static final int KNOWN_MAX = 10_000;

    private final Ledger ledger;

    /** Whose a run is never changes: what appends to it all the time has it looked up once. */
    private final Set<Known> known = ConcurrentHashMap.newKeySet();

    private record Known(RunId run, Tenant tenant) {}

    VisibleRuns(Ledger ledger) {
        this.ledger = ledger;
    }

    /** The run as it is now. Throws {@code unknown_run}. */
    Run run(RunId id, Caller caller) {
        return ledger.run(id)
                .filter(run -> caller.sees(run.tenant()))
                .orElseThrow(() -> new OutrunException(ErrorCode.UNKNOWN_RUN, "unknown run " + id));
    }

    /** Throws {@code unknown_run} for a run that its caller may not act upon. */
    void check(RunId id, Caller caller) {
        Tenant only = caller.tenants().only();
        if (only == null || known.contains(new Known(id, only))) {
            return; // of those who see all, the ledger knows what is unknown
        }
        run(id, caller);
        if (known.size() >= KNOWN_MAX) {
            known.clear();
        }
        known.add(new Known(id, only));
    }
}
