package dev.outrun.server;

import dev.outrun.analytics.AnalyticsProperties;
import dev.outrun.api.ApiConfig;
import dev.outrun.api.ApiServer;
import dev.outrun.api.Readiness;
import dev.outrun.connector.ConnectorConfig;
import dev.outrun.connector.Health;
import dev.outrun.connector.OutboxConnector;
import dev.outrun.connector.topic.MintedRuns;
import dev.outrun.connector.topic.PlatformTopics;
import dev.outrun.connector.topic.Reaper;
import dev.outrun.connector.topic.RunTopicCount;
import dev.outrun.engine.EngineProperties;
import dev.outrun.ledger.DecisionRecorder;
import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.LedgerConfig;
import dev.outrun.ledger.PostgresLedger;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.sql.Migrations;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.streams.DeadLetters;
import dev.outrun.worker.KafkaSignals;
import dev.outrun.worker.RunHandler;
import dev.outrun.worker.ShareGroupTasks;
import dev.outrun.worker.Worker;
import dev.outrun.worker.WorkerConfig;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A running Outrun: the composition root, where connector, engine, worker and API meet.
 *
 * <p>Parts that do not need each other start beside each other. They stop in this order: the API
 * takes no more requests, the worker hands back what it runs, recorder, analytics and engine
 * commit, and the connector publishes what they all have written; then the ledger's connections
 * close.
 */
public final class Outrun implements AutoCloseable {

    private static final Duration ENGINE_START_MAX = Duration.ofSeconds(60);
    private static final int CHANGELOG_REPLICAS = 1;
    private static final int ENGINE_THREADS = 1;
    private static final int ANALYTICS_THREADS = 1;
    private static final int LEDGER_CONNECTIONS = 32;

    /** How long an emitted event may wait for others to share its append. */
    private static final Duration EMIT_DELAY = Duration.ofMillis(5);

    /** What is not done by then is handed back, and goes on wherever a worker takes it. */
    private static final Duration WORKER_GRACE = Duration.ofMillis(500);

    /** New runs that need not wait for their topic, in a burst. */
    private static final int MINTED_RUNS = 32;

    private final Parts parts;
    private final Ledger ledger;
    private final OutboxConnector connector;
    private final Reaper reaper;
    private final URI url;

    private Outrun(Parts parts, Ledger ledger, OutboxConnector connector, Reaper reaper, URI url) {
        this.parts = parts;
        this.ledger = ledger;
        this.connector = connector;
        this.reaper = reaper;
        this.url = url;
    }

    /** Brings the database to the current schema; {@link #start} needs that. Idempotent. */
    public static void migrate(OutrunConfig config) {
        PGSimpleDataSource database = new PGSimpleDataSource();
        database.setUrl(config.postgres().jdbcUrl());
        database.setUser(config.postgres().user());
        database.setPassword(config.postgres().password());
        Migrations.migrate(database);
    }

    /**
     * Starts every part in this process over a migrated database, and returns when all of them
     * work. A start that fails, or is interrupted, leaves nothing running.
     *
     * @throws OutrunException with the part's own code and reason
     */
    public static Outrun start(OutrunConfig config, Map<String, RunHandler> handlers) {
        Parts parts = new Parts();
        try {
            return start(config, handlers, parts);
        } catch (RuntimeException e) {
            parts.close();
            throw e;
        }
    }

    private static Outrun start(
            OutrunConfig config, Map<String, RunHandler> handlers, Parts parts) {
        KafkaAddress kafka = new KafkaAddress(config.bootstrapServers(), Map.of());
        PrometheusMeterRegistry registry = parts.add("metrics", new ProcessMetrics()).registry();
        PostgresLedger ledger = parts.add("ledger", PostgresLedger.open(ledgerConfig(config)));
        PlatformTopics.create(kafka, config.topics(), ledger.shards());
        RunTopicCount runTopics = new RunTopicCount(config.runTopics());
        Reaper reaper = parts.add("reaper", reaper(config, kafka, runTopics));
        parts.add("housekeeping", new Housekeeping(ledger, reaper));
        var connector =
                parts.later(
                        "connector",
                        () -> OutboxConnector.start(connectorConfig(config), registry));
        DeadLetters ofEngine = deadLetters("engine", registry);
        DeadLetters ofAnalytics = deadLetters("analytics", registry);
        var engine =
                parts.later(
                        "engine",
                        () -> Engine.start(config.topics(), engineProperties(config), ofEngine));
        var analytics =
                parts.later(
                        "analytics",
                        () -> {
                            engine.join().awaitReady(ENGINE_START_MAX); // it is in no hurry
                            return Analytics.start(
                                    config.topics(), analyticsProperties(config), ofAnalytics);
                        });
        Gauge.builder("outrun.analytics.running", analytics, Outrun::isRunning).register(registry);
        var recorder = parts.later("recorder", () -> recorder(config, ledger));
        var runIds = parts.later("run ids", () -> mintedRuns(config, kafka, runTopics, registry));
        var worker = parts.later("worker", () -> worker(config, ledger, handlers));
        recorder.join();
        worker.join();
        ApiServer api =
                parts.add(
                        "api",
                        ApiServer.start(
                                ApiConfig.on(config.host(), config.port()),
                                ledger,
                                runIds.join()::take,
                                config.topics(),
                                config.bootstrapServers(),
                                List.of(
                                        readiness("connector", connector, Outrun::problem),
                                        readiness("slot", connector, OutboxConnector::slotProblem),
                                        readiness("engine", engine, Outrun::problem),
                                        readiness("recorder", recorder, DecisionRecorder::problem),
                                        readiness("worker", worker, Worker::problem)),
                                registry));
        connector.join();
        engine.join().awaitReady(ENGINE_START_MAX);
        return new Outrun(
                parts,
                ledger,
                connector.join(),
                reaper,
                URI.create("http://" + config.host() + ":" + api.port()));
    }

    /** Where the API listens. */
    public URI url() {
        return url;
    }

    /** The ledger this Outrun writes to. */
    public Ledger ledger() {
        return ledger;
    }

    /**
     * Returns once everything committed before this call is published.
     *
     * @throws OutrunException {@code unavailable} if that took longer, or the connector's own
     *     reason
     */
    public void drainOnce(Duration most) {
        try {
            connector.drainOnce(most);
        } catch (TimeoutException e) {
            throw new OutrunException(ErrorCode.UNAVAILABLE, "not drained within " + most, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OutrunException(ErrorCode.UNAVAILABLE, "interrupted while draining", e);
        }
    }

    /**
     * Deletes the run topics that are due, now, and returns when it has.
     *
     * @throws OutrunException {@code unavailable} where Postgres or Kafka do not answer, or this
     *     thread was interrupted
     */
    public void sweepRunTopics() {
        try {
            reaper.sweep();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OutrunException(ErrorCode.UNAVAILABLE, "interrupted while sweeping", e);
        }
    }

    /** Stops every part in order; bounded. Idempotent. */
    @Override
    public void close() {
        parts.close();
    }

    private static LedgerConfig ledgerConfig(OutrunConfig config) {
        return new LedgerConfig(
                config.postgres(), LEDGER_CONNECTIONS, "outrun-" + config.instance());
    }

    private static ConnectorConfig connectorConfig(OutrunConfig config) {
        return ConnectorConfig.of(
                        config.postgres(),
                        config.bootstrapServers(),
                        config.topics(),
                        config.slot())
                .withSource(config.source());
    }

    private static EngineProperties engineProperties(OutrunConfig config) {
        return new EngineProperties(
                        config.bootstrapServers(),
                        config.topics(),
                        config.guarantee(),
                        config.instance(),
                        ENGINE_THREADS,
                        config.stateDir(),
                        CHANGELOG_REPLICAS)
                .withStandbyReplicas(config.standbyReplicas());
    }

    private static AnalyticsProperties analyticsProperties(OutrunConfig config) {
        return new AnalyticsProperties(
                config.bootstrapServers(),
                config.topics(),
                config.instance(),
                ANALYTICS_THREADS,
                config.stateDir(),
                CHANGELOG_REPLICAS);
    }

    private static DeadLetters deadLetters(String reader, MeterRegistry registry) {
        DeadLetters letters = new DeadLetters(reader);
        FunctionCounter.builder("outrun." + reader + ".dead.letters", letters, DeadLetters::count)
                .register(registry);
        return letters;
    }

    private static int isRunning(Parts.Starting<Analytics> analytics) {
        return analytics.started().filter(Analytics::isRunning).isPresent() ? 1 : 0;
    }

    private static DecisionRecorder recorder(OutrunConfig config, Ledger ledger) {
        return DecisionRecorder.start(
                config.bootstrapServers(), config.topics(), config.instance(), ledger);
    }

    private static Worker worker(
            OutrunConfig config, Ledger ledger, Map<String, RunHandler> handlers) {
        WorkerConfig worker =
                new WorkerConfig(
                        config.instance(),
                        InstantSource.system().millis(),
                        config.workerConcurrency(),
                        EMIT_DELAY,
                        WORKER_GRACE);
        return Worker.start(
                worker,
                ledger,
                new KafkaSignals(config.bootstrapServers(), config.topics(), worker),
                List.of(new ShareGroupTasks(config.bootstrapServers(), config.topics(), worker)),
                handlers);
    }

    private static MintedRuns mintedRuns(
            OutrunConfig config,
            KafkaAddress kafka,
            RunTopicCount runTopics,
            MeterRegistry registry) {
        MintedRuns runs =
                new MintedRuns(
                        kafka,
                        config.topics(),
                        MINTED_RUNS,
                        runTopics,
                        InstantSource.system(),
                        new SecureRandom());
        Gauge.builder("outrun.minted.runs.ready", runs, MintedRuns::ready).register(registry);
        Gauge.builder("outrun.run.topics", runTopics, RunTopicCount::count).register(registry);
        Gauge.builder("outrun.run.topics.max", runTopics, RunTopicCount::max).register(registry);
        return runs;
    }

    private static Reaper reaper(OutrunConfig config, KafkaAddress kafka, RunTopicCount runTopics) {
        return new Reaper(
                config.postgres(),
                kafka,
                config.topics(),
                config.runTopics(),
                runTopics,
                InstantSource.system());
    }

    private static <T extends AutoCloseable> Readiness readiness(
            String name, Parts.Starting<T> part, Function<T, Optional<String>> problem) {
        return new Readiness(
                name, () -> part.started().map(problem).orElse(Optional.of("is starting")));
    }

    private static Optional<String> problem(OutboxConnector connector) {
        Health health = connector.health();
        // Another node publishes what a standby's own API and engine need.
        return health.state() == Health.State.RUNNING || health.state() == Health.State.STANDBY
                ? Optional.empty()
                : Optional.of(health.state() + ": " + health.reason());
    }

    private static Optional<String> problem(Engine engine) {
        return engine.isReady() ? Optional.empty() : Optional.of("has no shards yet");
    }
}
