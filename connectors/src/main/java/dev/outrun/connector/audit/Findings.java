package dev.outrun.connector.audit;

import dev.outrun.connector.audit.Difference.Kind;
import dev.outrun.schema.run.RunId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Collects differences: the first ones whole, the others by number. */
final class Findings {

    private static final int KEPT_MAX = 1_000;

    private final List<Difference> kept = new ArrayList<>();
    private long found;

    void add(Kind kind, @Nullable RunId run, long seq, String where, String detail) {
        found++;
        if (kept.size() < KEPT_MAX) {
            kept.add(new Difference(kind, run, seq, where, detail));
        }
    }

    AuditReport report(long runs, long events) {
        return new AuditReport(runs, events, List.copyOf(kept), found);
    }
}
