package dev.outrun.api;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;

/** Where ids for new runs come from: minted ahead, their topics already made. */
@FunctionalInterface
public interface RunIds {

    /**
     * An id that nobody else gets. May block for a short while; from any thread. Throws {@code
     * too_many_runs} where no further run may be started now.
     */
    RunId take(Tenant tenant);
}
