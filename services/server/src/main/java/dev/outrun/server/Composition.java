package dev.outrun.server;

import dev.outrun.analytics.AnalyticsProperties;
import dev.outrun.api.ApiConfig;
import dev.outrun.api.ApiServer;
import dev.outrun.api.NodeServer;
import dev.outrun.api.Readiness;
import dev.outrun.api.hub.HubConfig;
import dev.outrun.connector.ConnectorConfig;
import dev.outrun.connector.Health;
import dev.outrun.connector.OutboxConnector;
import dev.outrun.connector.topic.MintedRuns;
import dev.outrun.connector.topic.PlatformTopics;
import dev.outrun.connector.topic.Reaper;
import dev.outrun.connector.topic.RunTopicCount;
import dev.outrun.engine.EngineProperties;
import dev.outrun.ledger.DecisionRecorder;
import dev.outrun.ledger.LedgerConfig;
import dev.outrun.ledger.PostgresLedger;
import dev.outrun.server.Parts.Starting;
import dev.outrun.streams.DeadLetters;
import dev.outrun.worker.KafkaSignals;
import dev.outrun.worker.RunHandler;
import dev.outrun.worker.ShareGroupTasks;
import dev.outrun.worker.Worker;
import dev.outrun.worker.WorkerConfig;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** The parts of one process, put together as its roles ask for: each method adds some. */
final class Composition {

    private static final Duration ENGINE_START_MAX = Duration.ofSeconds(60);

    private final OutrunConfig config;
    private final Parts parts;
    private final PrometheusMeterRegistry registry;
    private final PostgresLedger ledger;
    private final RunTopicCount runTopics;
    private final List<Readiness> checks = new ArrayList<>();

    /** With the parts that every role needs. */
    Composition(OutrunConfig config, Parts parts) {
        this.config = config;
        this.parts = parts;
        this.registry = parts.add("metrics", new ProcessMetrics()).registry();
        this.ledger =
                parts.add(
                        "ledger",
                        PostgresLedger.open(
                                new LedgerConfig(
                                        config.postgres(),
                                        config.database().connections(),
                                        "outrun-" + config.instance())));
        this.runTopics = new RunTopicCount(config.runTopics());
        PlatformTopics.create(config.kafka(), config.topics(), ledger.shards());
    }

    /** Starts them all; returns when all work. */
    Outrun start(Map<String, RunHandler> handlers) {
        Optional<Reaper> reaper = housekeeping();
        var connector = when(Role.CONNECTOR, this::connector);
        var engine = when(Role.ENGINE, this::engine);
        var recorder = when(Role.ENGINE, this::recorder);
        var runIds = when(Role.API, this::runIds);
        var worker = when(Role.WORKER, () -> worker(handlers));
        recorder.ifPresent(Starting::join);
        worker.ifPresent(Starting::join);
        int port = runIds.map(ids -> api(ids.join())).orElseGet(this::node);
        connector.ifPresent(Starting::join);
        engine.ifPresent(starting -> starting.join().awaitReady(ENGINE_START_MAX));
        // To make topics takes the machine from what starts, so they are made after it.
        runIds.ifPresent(ids -> ids.join().fill());
        return new Outrun(
                parts, ledger, connector.map(Starting::join), reaper, config.http(), port);
    }

    private <T> Optional<T> when(Role role, Supplier<T> part) {
        return config.has(role) ? Optional.of(part.get()) : Optional.empty();
    }

    /** Where runs are started or published: whoever starts some must know how many there are. */
    private Optional<Reaper> housekeeping() {
        if (!config.has(Role.API) && !config.has(Role.CONNECTOR)) {
            return Optional.empty();
        }
        Reaper reaper =
                parts.add(
                        "reaper",
                        new Reaper(
                                config.postgres(),
                                config.kafka(),
                                config.topics(),
                                config.runTopics(),
                                runTopics,
                                InstantSource.system()));
        parts.add("housekeeping", new Housekeeping(ledger, config.database().retention(), reaper));
        return Optional.of(reaper);
    }

    private Starting<OutboxConnector> connector() {
        ConnectorConfig settings =
                ConnectorConfig.of(
                                config.postgres(), config.kafka(), config.topics(), config.slot())
                        .withSource(config.connector().source())
                        .withSlotSettings(config.connector().slotSettings());
        var connector = parts.later("connector", () -> OutboxConnector.start(settings, registry));
        check("connector", connector, Composition::problem);
        check("slot", connector, OutboxConnector::slotProblem);
        return connector;
    }

    /** The engine, and analytics, which is in no hurry, after it. */
    private Starting<Engine> engine() {
        EngineProperties properties =
                new EngineProperties(
                                config.kafka(),
                                config.topics(),
                                config.engine().guarantee(),
                                config.instance(),
                                config.engine().threads(),
                                config.stateDir(),
                                config.engine().replicationFactor())
                        .withStandbyReplicas(config.engine().standbyReplicas());
        AnalyticsProperties ofAnalytics =
                new AnalyticsProperties(
                        config.kafka(),
                        config.topics(),
                        config.instance(),
                        config.engine().analyticsThreads(),
                        config.stateDir(),
                        config.engine().replicationFactor());
        DeadLetters letters = deadLetters("engine");
        DeadLetters lettersOfAnalytics = deadLetters("analytics");
        var engine =
                parts.later("engine", () -> Engine.start(config.topics(), properties, letters));
        var analytics =
                parts.later(
                        "analytics",
                        () -> {
                            engine.join().awaitReady(ENGINE_START_MAX);
                            return Analytics.start(
                                    config.topics(), ofAnalytics, lettersOfAnalytics);
                        });
        Gauge.builder("outrun.analytics.running", analytics, Composition::isRunning)
                .register(registry);
        check("engine", engine, Composition::problem);
        return engine;
    }

    private DeadLetters deadLetters(String reader) {
        DeadLetters letters = new DeadLetters(reader);
        FunctionCounter.builder("outrun." + reader + ".dead.letters", letters, DeadLetters::count)
                .register(registry);
        return letters;
    }

    private static int isRunning(Starting<Analytics> analytics) {
        return analytics.started().filter(Analytics::isRunning).isPresent() ? 1 : 0;
    }

    private Starting<DecisionRecorder> recorder() {
        var recorder =
                parts.later(
                        "recorder",
                        () ->
                                DecisionRecorder.start(
                                        config.kafka(),
                                        config.topics(),
                                        config.instance(),
                                        ledger));
        check("recorder", recorder, DecisionRecorder::problem);
        return recorder;
    }

    private Starting<MintedRuns> runIds() {
        return parts.later(
                "run ids",
                () -> {
                    MintedRuns runs =
                            new MintedRuns(
                                    config.kafka(),
                                    config.topics(),
                                    config.api().mintedRuns(),
                                    runTopics,
                                    InstantSource.system(),
                                    new SecureRandom());
                    Gauge.builder("outrun.minted.runs.ready", runs, MintedRuns::ready)
                            .register(registry);
                    Gauge.builder("outrun.run.topics", runTopics, RunTopicCount::count)
                            .register(registry);
                    Gauge.builder("outrun.run.topics.max", runTopics, RunTopicCount::max)
                            .register(registry);
                    return runs;
                });
    }

    private Starting<Worker> worker(Map<String, RunHandler> handlers) {
        WorkerConfig settings =
                new WorkerConfig(
                        config.instance(),
                        InstantSource.system().millis(),
                        config.worker().concurrency(),
                        config.worker().emitDelay(),
                        config.worker().closeGrace());
        var worker =
                parts.later(
                        "worker",
                        () ->
                                Worker.start(
                                        settings,
                                        ledger,
                                        new KafkaSignals(config.kafka(), config.topics(), settings),
                                        List.of(
                                                new ShareGroupTasks(
                                                        config.kafka(), config.topics(), settings)),
                                        handlers));
        check("worker", worker, Worker::problem);
        return worker;
    }

    /** The port it listens on. */
    private int api(MintedRuns runIds) {
        return parts.add(
                        "api",
                        ApiServer.start(
                                apiConfig(),
                                ledger,
                                ledger.access(),
                                runIds::take,
                                config.topics(),
                                config.kafka(),
                                checks,
                                registry))
                .port();
    }

    /** The same of a process without an API. */
    private int node() {
        return parts.add("http", NodeServer.start(apiConfig(), ledger.access(), checks, registry))
                .port();
    }

    private ApiConfig apiConfig() {
        return config.http()
                .config()
                .withHub(HubConfig.DEFAULT.withClientsMax(config.api().clientsMax()));
    }

    private <T extends AutoCloseable> void check(
            String name, Starting<T> part, Function<T, Optional<String>> problem) {
        checks.add(
                new Readiness(
                        name,
                        () -> part.started().map(problem).orElse(Optional.of("is starting"))));
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
