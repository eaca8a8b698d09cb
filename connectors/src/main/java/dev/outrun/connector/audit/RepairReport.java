package dev.outrun.connector.audit;

import java.util.List;

/**
 * What a repair came to.
 *
 * @param before what the audit found
 * @param asked runs that the connector was asked to make right
 * @param after what another audit found then; the same report where nothing was asked for
 */
public record RepairReport(AuditReport before, long asked, AuditReport after) {

    /** Of the differences that are listed, those that are not there any more. */
    public List<Difference> mended() {
        return before.differences().stream()
                .filter(difference -> !after.differences().contains(difference))
                .toList();
    }
}
