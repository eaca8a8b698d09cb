package dev.outrun.connector.audit;

import dev.outrun.connector.audit.Difference.Kind;
import dev.outrun.schema.run.RunId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Collects differences: the first ones whole, the others by number. */
final class Findings {

    private static final int KEPT_MAX = 1_000;

    private final String firehose;
    private final List<Difference> kept = new ArrayList<>();
    private final Map<RunId, Damage> damages = new LinkedHashMap<>();
    private boolean behind;
    private long found;

    /** Where differences are in this topic, they are in the firehose. */
    Findings(String firehose) {
        this.firehose = firehose + "/";
    }

    void add(Kind kind, @Nullable RunId run, long seq, String where, String detail) {
        found++;
        if (kept.size() < KEPT_MAX) {
            kept.add(new Difference(kind, run, seq, where, detail));
        }
        behind |= kind == Kind.BEHIND;
        if (run != null) {
            note(damages.computeIfAbsent(run, _ -> new Damage()), kind, seq, where);
        }
    }

    private void note(Damage damage, Kind kind, long seq, String where) {
        if (where.equals(LedgerLog.WHERE)) {
            damage.isInLedger();
        } else if (!where.startsWith(firehose)) {
            damage.isInTopic();
        } else if (kind == Kind.MISSING) {
            damage.isMissing(seq);
        }
    }

    /** Whether what is missing may just be late. */
    boolean isBehind() {
        return behind;
    }

    /** By run. */
    Map<RunId, Damage> damages() {
        return damages;
    }

    AuditReport report(long runs, long events) {
        return new AuditReport(runs, events, List.copyOf(kept), found);
    }
}
