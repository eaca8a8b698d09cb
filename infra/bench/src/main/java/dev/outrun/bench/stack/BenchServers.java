package dev.outrun.bench.stack;

import dev.outrun.bench.load.Connections;
import dev.outrun.connector.audit.AuditReport;
import dev.outrun.connector.audit.AuditScope;
import dev.outrun.connector.audit.Auditor;
import dev.outrun.connector.topic.PlatformTopics;
import dev.outrun.devstack.Directories;
import dev.outrun.devstack.EmbeddedBroker;
import dev.outrun.devstack.EmbeddedPostgres;
import dev.outrun.ledger.LedgerConfig;
import dev.outrun.ledger.PostgresLedger;
import dev.outrun.schema.queue.QueueSettings.RunTopics;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.Topics;
import dev.outrun.server.Outrun;
import dev.outrun.server.OutrunConfig;
import dev.outrun.server.Parts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** A Postgres with Outrun's schema, and Kafka. */
public final class BenchServers implements AutoCloseable {

    /** For what takes seconds. */
    public static final Duration LIMIT = Duration.ofMinutes(2);

    private final Path folder;
    private final Parts parts = new Parts();
    private final OutrunConfig config;

    /** Of its own: durable, with the broker in this process, in a folder that goes with them. */
    public static BenchServers own() throws IOException, SQLException {
        return new BenchServers(Optional.empty());
    }

    /** Others: a database and topics are made there, and go. */
    public static BenchServers on(OutrunConfig servers) throws IOException, SQLException {
        return new BenchServers(Optional.of(servers));
    }

    private BenchServers(Optional<OutrunConfig> others) throws IOException, SQLException {
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
        folder = Files.createTempDirectory("outrun-bench-");
        boolean started = false;
        try {
            config = others.isPresent() ? borrowed(others.get()) : started();
            Outrun.migrate(config);
            started = true;
        } finally {
            if (!started) {
                close();
            }
        }
    }

    private OutrunConfig borrowed(OutrunConfig others) throws SQLException {
        return parts.add("borrowed", new Borrowed(others)).config(folder.resolve("engine"));
    }

    private OutrunConfig started() {
        var broker = parts.later("broker", this::broker);
        var postgres = parts.later("postgres", this::postgres);
        return OutrunConfig.of(
                postgres.join().address(),
                broker.join().bootstrapServers(),
                new Topics(Topics.DEFAULT_PREFIX),
                OutrunConfig.DEFAULT_SLOT,
                folder.resolve("engine"));
    }

    private EmbeddedBroker broker() {
        return EmbeddedBroker.start(new EmbeddedBroker.Settings(folder.resolve("kafka"), 0));
    }

    private EmbeddedPostgres postgres() {
        return EmbeddedPostgres.start(
                EmbeddedPostgres.Settings.durable(folder.resolve("postgres"), 0));
    }

    /** Of its own; what is in it goes with the servers. */
    public Path folder() {
        return folder;
    }

    /** Of an Outrun over them. */
    public OutrunConfig config() {
        return config;
    }

    /**
     * Starts runs that nobody makes an attempt of, while nothing but the servers is there; the
     * platform's topics are there afterwards.
     */
    public List<RunId> openRuns(int count) {
        try (PostgresLedger ledger =
                PostgresLedger.open(new LedgerConfig(config.postgres(), 1, "outrun-bench"))) {
            PlatformTopics.create(config.kafka(), config.topics(), ledger.shards());
            return BenchRuns.open(ledger, count, RunTopics.EACH);
        }
    }

    /** Has the database do something. */
    public void execute(String sql) throws SQLException {
        try (Connection connection = Connections.open(config.postgres());
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Holds Kafka against the table, once all is published: a figure needs a clean one. */
    public AuditReport audit() throws InterruptedException {
        return Auditor.audit(
                config.postgres(),
                config.kafka(),
                config.topics(),
                config.slot(),
                LIMIT,
                AuditScope.ALL);
    }

    @Override
    public void close() throws IOException {
        parts.close();
        Directories.delete(folder);
    }
}
