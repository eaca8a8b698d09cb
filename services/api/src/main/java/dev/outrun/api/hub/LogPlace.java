package dev.outrun.api.hub;

import dev.outrun.ledger.Run;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;

/**
 * Where a run's log is to be read: the run without input and output, which may be large, as a
 * subscription may be long.
 *
 * @param hasTopic whether it is in a topic of its own; else it is in the ledger alone
 */
record LogPlace(RunId run, Tenant tenant, boolean hasTopic) {

    static LogPlace of(Run run) {
        return new LogPlace(
                run.id(), run.tenant(), !run.topicless() && run.topicDeletedAt() == null);
    }
}
