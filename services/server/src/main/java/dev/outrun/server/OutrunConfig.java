package dev.outrun.server;

import dev.outrun.connector.ConnectorConfig.SourceSettings;
import dev.outrun.connector.topic.RunTopicLimits;
import dev.outrun.engine.Guarantee;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.Topics;
import java.nio.file.Path;

/**
 * All that one process of Outrun is told.
 *
 * @param slot the connector's replication slot, or what the names of its slots begin with; one
 *     connector works on each at a time
 * @param source where the connector gets changes from
 * @param host where the API listens, as is {@code port}; 0 is any free port
 * @param instance this process's name, the same after a restart: the engine takes its shards back
 *     under it, and attempts of the worker's earlier life are known to be lost
 * @param stateDir a folder of this process's own
 * @param standbyReplicas copies of each shard's state that the engines of other processes keep, 0
 *     to 16: with one, a shard whose engine is gone goes on without being restored first
 * @param workerConcurrency attempts the worker runs at once
 */
public record OutrunConfig(
        PostgresAddress postgres,
        String bootstrapServers,
        Topics topics,
        String slot,
        SourceSettings source,
        String host,
        int port,
        String instance,
        Path stateDir,
        Guarantee guarantee,
        int standbyReplicas,
        int workerConcurrency,
        RunTopicLimits runTopics) {

    public static final String DEFAULT_SLOT = "outrun";

    private static final int WORKER_CONCURRENCY = 256;

    /** One process that does everything, on any free port of the loopback address. */
    public static OutrunConfig of(
            PostgresAddress postgres,
            String bootstrapServers,
            Topics topics,
            String slot,
            Path stateDir) {
        return new OutrunConfig(
                postgres,
                bootstrapServers,
                topics,
                slot,
                SourceSettings.DEFAULT,
                "127.0.0.1",
                0,
                "outrun",
                stateDir,
                Guarantee.AT_LEAST_ONCE,
                0,
                WORKER_CONCURRENCY,
                RunTopicLimits.DEFAULT);
    }

    /** The same on another port. */
    public OutrunConfig withPort(int other) {
        return new OutrunConfig(
                postgres,
                bootstrapServers,
                topics,
                slot,
                source,
                host,
                other,
                instance,
                stateDir,
                guarantee,
                standbyReplicas,
                workerConcurrency,
                runTopics);
    }

    /** The same with other limits for run topics. */
    public OutrunConfig withRunTopics(RunTopicLimits other) {
        return new OutrunConfig(
                postgres,
                bootstrapServers,
                topics,
                slot,
                source,
                host,
                port,
                instance,
                stateDir,
                guarantee,
                standbyReplicas,
                workerConcurrency,
                other);
    }

    /** The same with an engine that has other engines keep copies of its state. */
    public OutrunConfig withStandbyReplicas(int other) {
        return new OutrunConfig(
                postgres,
                bootstrapServers,
                topics,
                slot,
                source,
                host,
                port,
                instance,
                stateDir,
                guarantee,
                other,
                workerConcurrency,
                runTopics);
    }

    /** The same with a connector that is fed in another way. */
    public OutrunConfig withSource(SourceSettings other) {
        return new OutrunConfig(
                postgres,
                bootstrapServers,
                topics,
                slot,
                other,
                host,
                port,
                instance,
                stateDir,
                guarantee,
                standbyReplicas,
                workerConcurrency,
                runTopics);
    }
}
