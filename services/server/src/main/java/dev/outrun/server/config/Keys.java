package dev.outrun.server.config;

import dev.outrun.connector.ConnectorConfig.SlotSettings;
import dev.outrun.connector.ConnectorConfig.SourceSettings;
import dev.outrun.connector.topic.RunTopicLimits;
import dev.outrun.engine.Guarantee;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.Topics;
import dev.outrun.server.ApiSection;
import dev.outrun.server.ConnectorSection;
import dev.outrun.server.DatabaseSection;
import dev.outrun.server.EngineSection;
import dev.outrun.server.HttpSection;
import dev.outrun.server.OutrunConfig;
import dev.outrun.server.Role;
import dev.outrun.server.WorkerSection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.AdminClientConfig;

/**
 * Every setting there is, in the order of the reference. The bounds are those of the parts that
 * take them, which refuse others as well; here they are refused by the setting's own name.
 */
final class Keys {

    /**
     * A client's options that say how to get in, or who is told how it does; the others are
     * Outrun's own to choose.
     */
    private static final Set<String> KAFKA_OPTIONS =
            AdminClientConfig.configNames().stream()
                    .filter(name ->
                            name.matches("(security|sasl|ssl|socket)\\..*")
                                    || name.equals(AdminClientConfig.CLIENT_DNS_LOOKUP_CONFIG)
                                    || name.equals(
                                            AdminClientConfig.METRIC_REPORTER_CLASSES_CONFIG))
                    .collect(Collectors.toUnmodifiableSet());

    static final Key<Set<Role>> ROLES =
            Key.of(
                    "roles",
                    Kind.someOf(Role.class),
                    EnumSet.allOf(Role.class),
                    "What this process is. Several processes with different roles form one"
                            + " Outrun; any role may be in several.");
    static final Key<String> INSTANCE =
            Key.without(
                    "instance",
                    Kind.word(
                            "1 to 63 letters, digits and . _ -",
                            text -> text.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,62}")),
                    "this host's name",
                    "This process's name, the same after a restart: it gets its shards back under"
                            + " it. No two processes with a role in common may have it.");
    static final Key<Path> STATE_DIR =
            Key.without(
                    "state_dir",
                    Kind.path(),
                    "`.outrun/` and the instance",
                    "A folder of this process's own. Nothing in it outlives the process that"
                            + " matters.");
    static final Key<Topics> TOPIC_PREFIX =
            Key.of(
                    "topic_prefix",
                    Kind.parsed("a topic's name", Topics::new, Topics::prefix),
                    new Topics(Topics.DEFAULT_PREFIX),
                    "What the names of all topics and groups begin with.");

    static final Key<PostgresAddress> POSTGRES_URL =
            Key.without(
                    "postgres.url",
                    Kind.parsed(
                                    "postgresql://user:password@host:port/database",
                                    PostgresAddress::parse,
                                    PostgresAddress::toString)
                            .hidden(),
                    "required",
                    "The database, as `postgresql://user:password@host:port/database`. The"
                            + " password may stand in a setting of its own, and options after a"
                            + " `?`.");
    static final Key<String> POSTGRES_PASSWORD =
            Key.without(
                    "postgres.password",
                    Kind.text().hidden(),
                    "the URL's",
                    "The user's password, instead of one in the URL.");
    static final Key<Path> POSTGRES_PASSWORD_FILE =
            Key.without(
                    "postgres.password_file",
                    Kind.path(),
                    "none",
                    "A file with nothing but the password, instead of `postgres.password`.");
    static final Key<Map<String, String>> POSTGRES_OPTIONS =
            Key.of(
                    "postgres.options",
                    Kind.map("options of the JDBC driver for encryption", PostgresAddress.OPTIONS),
                    Map.of(),
                    "How to get in: options of the PostgreSQL JDBC driver, such as `sslmode` and"
                            + " `sslrootcert`, for every connection, replication included.");
    static final Key<Integer> POSTGRES_CONNECTIONS =
            Key.of(
                    "postgres.connections",
                    Kind.whole(1, 1_000),
                    DatabaseSection.CONNECTIONS,
                    "Connections that this process keeps open for calls to the ledger. The"
                            + " connector has a few more.");
    static final Key<Boolean> POSTGRES_MIGRATE =
            Key.of(
                    "postgres.migrate",
                    Kind.truth(),
                    true,
                    "Whether a start brings the schema to this version first, which the role must"
                            + " be allowed to.");
    static final Key<Duration> POSTGRES_RETENTION =
            Key.of(
                    "postgres.retention",
                    Kind.time(Duration.ofHours(1), Duration.ofDays(36_500)),
                    DatabaseSection.RETENTION,
                    "How long a run's events are kept after the run has ended, at least, and while"
                            + " it has a topic; whole days are dropped once no run needs them. The"
                            + " same in all processes.");

    static final Key<String> KAFKA_BOOTSTRAP_SERVERS =
            Key.without(
                    "kafka.bootstrap_servers",
                    Kind.word("host:port, or several with commas between", text -> !text.isBlank()),
                    "required",
                    "Brokers to begin with, as `host:port,host:port`.");
    static final Key<Map<String, String>> KAFKA_PROPERTIES =
            Key.of(
                    "kafka.properties",
                    Kind.map(
                            "security.*, sasl.*, ssl.*, socket.* and metric.reporters of a client",
                            KAFKA_OPTIONS),
                    Map.of(),
                    "How to get in: options of Kafka's clients, such as `security.protocol`, for"
                            + " every client.");
    static final Key<Path> KAFKA_PROPERTIES_FILE =
            Key.without(
                    "kafka.properties_file",
                    Kind.path(),
                    "none",
                    "The same as a Java properties file, for secrets; `kafka.properties` wins"
                            + " over it.");

    static final Key<String> HTTP_HOST =
            Key.of(
                    "http.host",
                    Kind.word("an address", text -> !text.isBlank()),
                    HttpSection.DEFAULT.host(),
                    "The address to listen on, whatever the roles are. Any but a loopback address"
                            + " needs `access.mode`, or `access.insecure`.");
    static final Key<Integer> HTTP_PORT =
            Key.of(
                    "http.port",
                    Kind.whole(0, 65_535),
                    HttpSection.DEFAULT.port(),
                    "The port; 0 is any free one. A process without the role `api` has `/healthz`,"
                            + " `/readyz` and `/metrics` there.");
    static final Key<Integer> HTTP_CONNECTIONS_MAX =
            Key.of(
                    "http.connections_max",
                    Kind.whole(1, 1_000_000),
                    HttpSection.DEFAULT.connectionsMax(),
                    "Open connections, event streams included; more wait.");

    static final Key<Integer> API_CLIENTS_MAX =
            Key.of(
                    "api.clients_max",
                    Kind.whole(1, 1_000_000),
                    ApiSection.DEFAULT.clientsMax(),
                    "Open event streams of runs; one more is refused.");
    static final Key<Integer> API_MINTED_RUNS =
            Key.of(
                    "api.minted_runs",
                    Kind.whole(1, 10_000),
                    ApiSection.DEFAULT.mintedRuns(),
                    "Run ids kept ready per tenant, with their topics: so many runs may start at"
                            + " once without waiting for a topic.");

    static final Key<SourceSettings.Kind> CONNECTOR_SOURCE =
            Key.of(
                    "connector.source",
                    Kind.oneOf(SourceSettings.Kind.class),
                    ConnectorSection.DEFAULT.source().kind(),
                    "Where changes come from: the write-ahead log, or the table, again and again,"
                            + " for a Postgres that allows no logical replication.");
    static final Key<String> CONNECTOR_SLOT =
            Key.of(
                    "connector.slot",
                    Kind.word("1 to 50 of a-z, 0-9 and _", text -> text.matches("[a-z0-9_]{1,50}")),
                    OutrunConfig.DEFAULT_SLOT,
                    "The replication slot, made if missing, or what the names of the slots begin"
                            + " with.");
    static final Key<Integer> CONNECTOR_SLOTS =
            Key.of(
                    "connector.slots",
                    Kind.whole(1, 64),
                    ConnectorSection.DEFAULT.source().slots(),
                    "Over how many slots the shards are split: at most as many as there are"
                            + " shards, and the same in all processes.");
    static final Key<Set<Integer>> CONNECTOR_OWN_SLOTS =
            Key.of(
                    "connector.own_slots",
                    Kind.numbers(63),
                    Set.of(),
                    "The numbers, from 0 on, of the slots that this process takes; all where it is"
                            + " empty.");
    static final Key<Duration> CONNECTOR_POLL_EVERY =
            Key.of(
                    "connector.poll_every",
                    Kind.time(Duration.ofMillis(1), Duration.ofMinutes(1)),
                    ConnectorSection.DEFAULT.source().pollEvery(),
                    "How long `source: polling` rests between two looks.");
    static final Key<Boolean> CONNECTOR_SLOT_FAILOVER =
            Key.of(
                    "connector.slot_failover",
                    Kind.truth(),
                    SlotSettings.DEFAULT.failover(),
                    "Whether standbys shall have a copy of the slot, to go on with after a"
                            + " failover; since PostgreSQL 17.");
    static final Key<Long> CONNECTOR_SLOT_LAG_BYTES_MAX =
            Key.of(
                    "connector.slot_lag_bytes_max",
                    Kind.bytes(1L << 20, 1L << 50),
                    SlotSettings.DEFAULT.lagBytesMax(),
                    "Of the write-ahead log not confirmed yet; with more the process is not"
                            + " ready.");

    static final Key<Duration> RUN_TOPICS_RETENTION =
            Key.of(
                    "run_topics.retention",
                    Kind.time(Duration.ofMinutes(1), Duration.ofDays(36_500)),
                    RunTopicLimits.DEFAULT.retention(),
                    "How long a run's topic stays after the run has finished; its events are read"
                            + " from Postgres then. The same in all processes.");
    static final Key<Integer> RUN_TOPICS_MAX =
            Key.of(
                    "run_topics.max",
                    Kind.whole(1, 1_000_000),
                    RunTopicLimits.DEFAULT.max(),
                    "At so many run topics no further run is started over HTTP. The same in all"
                            + " processes.");

    static final Key<Guarantee> ENGINE_GUARANTEE =
            Key.of(
                    "engine.guarantee",
                    Kind.oneOf(Guarantee.class),
                    EngineSection.DEFAULT.guarantee(),
                    "What a crash of the engine may do to what it says: said again, which every"
                            + " reader takes for once, or said once, at the price of a commit for"
                            + " each hop.");
    static final Key<Integer> ENGINE_THREADS =
            Key.of(
                    "engine.threads",
                    Kind.whole(1, 1_024),
                    EngineSection.DEFAULT.threads(),
                    "Stream threads of the engine; more than there are shards idle.");
    static final Key<Integer> ENGINE_ANALYTICS_THREADS =
            Key.of(
                    "engine.analytics_threads",
                    Kind.whole(1, 1_024),
                    EngineSection.DEFAULT.analyticsThreads(),
                    "The same of analytics, which goes with the engine.");
    static final Key<Integer> ENGINE_STANDBY_REPLICAS =
            Key.of(
                    "engine.standby_replicas",
                    Kind.whole(0, 16),
                    EngineSection.DEFAULT.standbyReplicas(),
                    "Copies of each shard's state that other engines keep: with one, a shard"
                            + " whose engine is gone goes on without being restored first.");
    static final Key<Integer> ENGINE_REPLICATION_FACTOR =
            Key.of(
                    "engine.replication_factor",
                    Kind.whole(1, Short.MAX_VALUE),
                    EngineSection.DEFAULT.replicationFactor(),
                    "Of the changelogs that engine and analytics make for themselves; 1 only"
                            + " where there is one broker. All other topics have the brokers'"
                            + " `default.replication.factor`.");

    static final Key<Boolean> WORKER_SAMPLES =
            Key.of(
                    "worker.samples",
                    Kind.truth(),
                    WorkerSection.DEFAULT.samples(),
                    "Whether the worker has the sample handlers, `echo` and others, besides your"
                            + " own.");
    static final Key<Integer> WORKER_CONCURRENCY =
            Key.of(
                    "worker.concurrency",
                    Kind.whole(1, 100_000),
                    WorkerSection.DEFAULT.concurrency(),
                    "Attempts that it makes at a time.");
    static final Key<Duration> WORKER_EMIT_DELAY =
            Key.of(
                    "worker.emit_delay",
                    Kind.time(Duration.ZERO, Duration.ofMinutes(1)),
                    WorkerSection.DEFAULT.emitDelay(),
                    "How long an emitted event may wait for others to be appended together.");
    static final Key<Duration> WORKER_CLOSE_GRACE =
            Key.of(
                    "worker.close_grace",
                    Kind.time(Duration.ZERO, Duration.ofHours(1)),
                    WorkerSection.DEFAULT.closeGrace(),
                    "How long handlers may go on after SIGTERM; those that have not ended by then"
                            + " are interrupted, and their runs go on elsewhere.");

    private Keys() {}

    /** All of them. */
    static final List<Key<?>> ALL =
            Stream.of(
                            List.of(
                                    ROLES,
                                    INSTANCE,
                                    STATE_DIR,
                                    TOPIC_PREFIX,
                                    POSTGRES_URL,
                                    POSTGRES_PASSWORD,
                                    POSTGRES_PASSWORD_FILE,
                                    POSTGRES_OPTIONS,
                                    POSTGRES_CONNECTIONS,
                                    POSTGRES_MIGRATE,
                                    POSTGRES_RETENTION,
                                    KAFKA_BOOTSTRAP_SERVERS,
                                    KAFKA_PROPERTIES,
                                    KAFKA_PROPERTIES_FILE,
                                    HTTP_HOST,
                                    HTTP_PORT,
                                    HTTP_CONNECTIONS_MAX),
                            AccessKeys.ALL,
                            List.of(
                                    API_CLIENTS_MAX,
                                    API_MINTED_RUNS,
                                    CONNECTOR_SOURCE,
                                    CONNECTOR_SLOT,
                                    CONNECTOR_SLOTS,
                                    CONNECTOR_OWN_SLOTS,
                                    CONNECTOR_POLL_EVERY,
                                    CONNECTOR_SLOT_FAILOVER,
                                    CONNECTOR_SLOT_LAG_BYTES_MAX,
                                    RUN_TOPICS_RETENTION,
                                    RUN_TOPICS_MAX,
                                    ENGINE_GUARANTEE,
                                    ENGINE_THREADS,
                                    ENGINE_ANALYTICS_THREADS,
                                    ENGINE_STANDBY_REPLICAS,
                                    ENGINE_REPLICATION_FACTOR,
                                    WORKER_SAMPLES,
                                    WORKER_CONCURRENCY,
                                    WORKER_EMIT_DELAY,
                                    WORKER_CLOSE_GRACE))
                    .<Key<?>>flatMap(List::stream)
                    .toList();
}
