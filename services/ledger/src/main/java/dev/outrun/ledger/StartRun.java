package dev.outrun.ledger;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What it takes to start a run.
 *
 * @param id minted ahead; null lets the database mint one
 * @param input JSON text, at most 1 MiB
 * @param runAt not before this time; null is at once
 * @param retry JSON text of a {@link dev.outrun.schema.event.RetryPolicy}; null is the default
 *     policy
 */
public record StartRun(
        @Nullable RunId id,
        Tenant tenant,
        String queue,
        String handler,
        String input,
        @Nullable String idempotencyKey,
        @Nullable Instant runAt,
        @Nullable String retry) {

    public static final String DEFAULT_QUEUE = "default";

    /** A run of this handler with this input, and nothing else said. */
    public static StartRun of(String handler, String input) {
        return new StartRun(null, Tenant.DEFAULT, DEFAULT_QUEUE, handler, input, null, null, null);
    }
}
