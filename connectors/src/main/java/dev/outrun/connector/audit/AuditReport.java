package dev.outrun.connector.audit;

import java.util.List;

/**
 * What an audit found.
 *
 * @param runs looked at
 * @param events of theirs in the ledger
 * @param differences the first of them, in the order of runs
 * @param found how many there are in all
 */
public record AuditReport(long runs, long events, List<Difference> differences, long found) {

    /** Whether all is as the ledger says. */
    public boolean isClean() {
        return found == 0;
    }
}
