package dev.outrun.connector.audit;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;

/**
 * A run as the ledger has it.
 *
 * @param end the seq after its last event
 * @param closed whether nothing can follow
 * @param topicless whether it has no topic: none of its own, or it was given up after the retention
 * @param events those whose partition has not been dropped yet
 */
record LoggedRun(
        RunId run,
        Tenant tenant,
        int shard,
        long end,
        boolean closed,
        boolean topicless,
        Digests events) {}
