package dev.outrun.api;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Minted ids that were taken for a run which then was not started. They go first, so that refused
 * requests do not cost a topic each; but not for ever, since the topic of an id that is not used is
 * deleted in the end.
 */
final class SpareIds implements RunIds {

    /** Requests under way at once that are refused; beyond it an id is forgotten. */
    private static final int SPARE_MAX = 64;

    /** Tenants that have spare ids at once; their names come from outside. */
    private static final int TENANTS_MAX = 1_000;

    /** Since it was minted: well below the age at which its topic is deleted. */
    private static final Duration AGE_MAX = Duration.ofMinutes(30);

    private final RunIds minted;
    private final InstantSource clock;
    private final Map<Tenant, BlockingQueue<RunId>> spare = new ConcurrentHashMap<>();

    SpareIds(RunIds minted, InstantSource clock) {
        this.minted = minted;
        this.clock = clock;
    }

    @Override
    public RunId take(Tenant tenant) {
        BlockingQueue<RunId> ids = spare.get(tenant);
        RunId id = ids == null ? null : ids.poll();
        while (ids != null && id != null && isOld(id)) {
            id = ids.poll();
        }
        return id == null ? minted.take(tenant) : id;
    }

    private boolean isOld(RunId id) {
        Instant at = id.mintedAt();
        return at == null || at.isBefore(clock.instant().minus(AGE_MAX));
    }

    /** Gives an id back of which it is certain that no run has it. */
    void giveBack(Tenant tenant, RunId id) {
        if (spare.size() >= TENANTS_MAX && !spare.containsKey(tenant)) {
            return; // as below
        }
        // Where there is no room its topic stays empty until the reaper finds it.
        spare.computeIfAbsent(tenant, t -> new ArrayBlockingQueue<>(SPARE_MAX)).offer(id);
    }
}
