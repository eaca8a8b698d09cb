package dev.outrun.server;

import dev.outrun.api.access.AccessConfig;
import dev.outrun.connector.ConnectorConfig.SourceSettings;
import dev.outrun.connector.topic.RunTopicLimits;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;

/**
 * All that one process of Outrun is told.
 *
 * @param roles at least one
 * @param instance this process's name, the same after a restart: the engine takes its shards back
 *     under it, and attempts of the worker's earlier life are known to be lost. No two processes
 *     with a role in common may have it
 * @param stateDir a folder of this process's own
 */
public record OutrunConfig(
        Set<Role> roles,
        String instance,
        Path stateDir,
        Topics topics,
        DatabaseSection database,
        KafkaAddress kafka,
        HttpSection http,
        ApiSection api,
        ConnectorSection connector,
        RunTopicLimits runTopics,
        EngineSection engine,
        WorkerSection worker) {

    public static final String DEFAULT_SLOT = "outrun";

    public OutrunConfig {
        if (roles.isEmpty()) {
            throw new IllegalArgumentException("roles is empty, not one of them at least");
        }
        roles = Set.copyOf(roles);
    }

    /** One process that does everything, on any free port of the loopback address. */
    public static OutrunConfig of(
            PostgresAddress postgres,
            String bootstrapServers,
            Topics topics,
            String slot,
            Path stateDir) {
        return new OutrunConfig(
                EnumSet.allOf(Role.class),
                "outrun",
                stateDir,
                topics,
                DatabaseSection.of(postgres),
                KafkaAddress.of(bootstrapServers),
                HttpSection.DEFAULT.withPort(0),
                ApiSection.DEFAULT,
                ConnectorSection.of(slot),
                RunTopicLimits.DEFAULT,
                EngineSection.DEFAULT,
                WorkerSection.HASTY);
    }

    /** Where the database is. */
    public PostgresAddress postgres() {
        return database.address();
    }

    /** Where Kafka's brokers are. */
    public String bootstrapServers() {
        return kafka.bootstrapServers();
    }

    /** The connector's replication slot, or what the names of its slots begin with. */
    public String slot() {
        return connector.slot();
    }

    boolean has(Role role) {
        return roles.contains(role);
    }

    /** The same on another port. */
    public OutrunConfig withPort(int other) {
        return with(http.withPort(other), connector, runTopics, engine);
    }

    /** The same with Kafka elsewhere. */
    public OutrunConfig withKafka(KafkaAddress other) {
        return new OutrunConfig(
                roles, instance, stateDir, topics, database, other, http, api, connector, runTopics,
                engine, worker);
    }

    /** The same for other callers. */
    public OutrunConfig withAccess(AccessConfig other) {
        return with(http.withAccess(other), connector, runTopics, engine);
    }

    /** The same with other limits for run topics. */
    public OutrunConfig withRunTopics(RunTopicLimits other) {
        return with(http, connector, other, engine);
    }

    /** The same with an engine that has other engines keep copies of its state. */
    public OutrunConfig withStandbyReplicas(int other) {
        return with(http, connector, runTopics, engine.withStandbyReplicas(other));
    }

    /** The same with a connector that is fed in another way. */
    public OutrunConfig withSource(SourceSettings other) {
        return with(http, connector.withSource(other), runTopics, engine);
    }

    private OutrunConfig with(
            HttpSection otherHttp,
            ConnectorSection otherConnector,
            RunTopicLimits otherRunTopics,
            EngineSection otherEngine) {
        return new OutrunConfig(
                roles,
                instance,
                stateDir,
                topics,
                database,
                kafka,
                otherHttp,
                api,
                otherConnector,
                otherRunTopics,
                otherEngine,
                worker);
    }
}
