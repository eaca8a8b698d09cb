package dev.outrun.server;

import dev.outrun.engine.Guarantee;

/**
 * The engine, and analytics beside it.
 *
 * @param threads stream threads of the engine in this process; more than there are shards idle
 * @param analyticsThreads the same of analytics
 * @param standbyReplicas copies of each shard's state that the engines of other processes keep:
 *     with one, a shard whose engine is gone goes on without being restored first
 * @param replicationFactor of the changelogs
 */
public record EngineSection(
        Guarantee guarantee,
        int threads,
        int analyticsThreads,
        int standbyReplicas,
        int replicationFactor) {

    public static final EngineSection DEFAULT =
            new EngineSection(Guarantee.AT_LEAST_ONCE, 1, 1, 0, 1);

    /** The same with so many standby replicas. */
    EngineSection withStandbyReplicas(int other) {
        return new EngineSection(guarantee, threads, analyticsThreads, other, replicationFactor);
    }
}
