package dev.outrun.api;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;

/** Where ids for new runs come from: minted ahead, their topics already made. */
@FunctionalInterface
public interface RunIds {

    /** An id that nobody else gets. May block for a short while; from any thread. */
    RunId take(Tenant tenant);
}
