package dev.outrun.api.hub;

import dev.outrun.schema.run.Tenant;
import org.jspecify.annotations.Nullable;

/**
 * Whose events a reader of the firehose wants.
 *
 * @param queue null is any, as is handler
 */
public record FirehoseQuery(Tenant tenant, @Nullable String queue, @Nullable String handler) {

    boolean wants(KnownRuns.Facts run) {
        return run.tenant().equals(tenant)
                && (queue == null || queue.equals(run.queue()))
                && (handler == null || handler.equals(run.handler()));
    }
}
