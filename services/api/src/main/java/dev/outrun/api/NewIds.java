package dev.outrun.api;

import dev.outrun.ledger.Ledger;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import java.time.InstantSource;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Ids for new runs, their topics already made if they are to have one. */
final class NewIds {

    private final SpareIds spare;
    private final TopiclessQueues topicless;
    private final InstantSource clock;

    NewIds(Ledger ledger, RunIds minted, InstantSource clock) {
        this.spare = new SpareIds(minted, clock);
        this.topicless = new TopiclessQueues(ledger, clock);
        this.clock = clock;
    }

    /** One for a run in this queue. Throws {@code too_many_runs} where there may be no more. */
    RunId take(Tenant tenant, String queue) {
        return topicless.has(queue)
                ? RunId.mint(clock, ThreadLocalRandom.current())
                : spare.take(tenant);
    }

    /** Throws {@code too_many_runs} where there may be no further runs. */
    void check(Tenant tenant) {
        spare.giveBack(tenant, spare.take(tenant));
    }

    /** Starts a run that may have the id; where another one has come of it, gives the id back. */
    RunId useOrGiveBack(Tenant tenant, String queue, RunId minted, Supplier<RunId> start) {
        return useOrGiveBack(tenant, queue, minted, start, minted::equals);
    }

    /**
     * The same, where a start answers something else.
     *
     * @param used whether that run has the id
     */
    <T> T useOrGiveBack(
            Tenant tenant, String queue, RunId minted, Supplier<T> start, Predicate<T> used) {
        T started;
        try {
            started = start.get();
        } catch (OutrunException e) {
            boolean unused =
                    e.code().kind() == ErrorCode.Kind.USER && e.code() != ErrorCode.RUN_ID_TAKEN;
            if (unused) { // else it may have been started for all we know
                giveBack(tenant, queue, minted);
            }
            throw e;
        }
        if (!used.test(started)) {
            giveBack(tenant, queue, minted);
        }
        return started;
    }

    private void giveBack(Tenant tenant, String queue, RunId minted) {
        if (!topicless.has(queue)) {
            spare.giveBack(tenant, minted);
        }
    }
}
