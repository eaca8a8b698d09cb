package dev.outrun.ledger;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Which runs to list. A null filter admits all.
 *
 * @param parent only runs that this one has started
 * @param schedule only runs that this schedule has started
 * @param before only runs older than this place in the list: the last run of the page before
 * @param limit at most so many
 */
public record RunQuery(
        Tenant tenant,
        @Nullable RunStatus status,
        @Nullable String handler,
        @Nullable String queue,
        @Nullable RunId parent,
        @Nullable String schedule,
        @Nullable Place before,
        int limit) {

    /** All of a tenant's runs, at most so many. */
    public static RunQuery all(Tenant tenant, int limit) {
        return new RunQuery(tenant, null, null, null, null, null, null, limit);
    }

    /** A place in the list, which is ordered by creation time and then id. */
    public record Place(Instant createdAt, RunId id) {}
}
