package dev.outrun.bench;

import dev.outrun.connector.audit.AuditReport;
import dev.outrun.connector.audit.AuditScope;
import dev.outrun.connector.audit.Auditor;
import dev.outrun.devstack.Directories;
import dev.outrun.devstack.EmbeddedBroker;
import dev.outrun.devstack.EmbeddedPostgres;
import dev.outrun.ledger.Ledger;
import dev.outrun.schema.queue.QueueSettings.RunTopics;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import dev.outrun.server.Outrun;
import dev.outrun.server.OutrunConfig;
import dev.outrun.server.Parts;
import dev.outrun.worker.RunHandler;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** A durable Postgres, a broker and an Outrun over them in this process, in a folder that goes. */
final class BenchStack implements AutoCloseable {

    static final String QUEUE = "bench";

    private static final Duration LIMIT = Duration.ofMinutes(2);

    private final Path folder;
    private final Parts parts = new Parts();
    private final OutrunConfig config;
    private final Outrun outrun;

    BenchStack(Map<String, RunHandler> handlers) throws IOException {
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
        folder = Files.createTempDirectory("outrun-bench-");
        boolean started = false;
        try {
            var broker = parts.later("broker", this::broker);
            var postgres = parts.later("postgres", this::postgres);
            config =
                    OutrunConfig.of(
                            postgres.join().address(),
                            broker.join().bootstrapServers(),
                            new Topics(Topics.DEFAULT_PREFIX),
                            OutrunConfig.DEFAULT_SLOT,
                            folder.resolve("engine"));
            Outrun.migrate(config);
            outrun = parts.add("outrun", Outrun.start(config, handlers));
            started = true;
        } finally {
            if (!started) {
                close();
            }
        }
    }

    private EmbeddedBroker broker() {
        return EmbeddedBroker.start(new EmbeddedBroker.Settings(folder.resolve("kafka"), 0));
    }

    private EmbeddedPostgres postgres() {
        return EmbeddedPostgres.start(
                EmbeddedPostgres.Settings.durable(folder.resolve("postgres"), 0));
    }

    /** Makes the queue of a bench's runs, which are spread over all shards, active or paused. */
    void setQueue(String mode, RunTopics topics) {
        String change = "{\"mode\":\"%s\",\"run_topics\":\"%s\",\"width\":4}";
        ledger().changeQueue(
                        QUEUE, change.formatted(mode, topics.name().toLowerCase(Locale.ROOT)));
    }

    Ledger ledger() {
        return outrun.ledger();
    }

    /** Where the API listens. */
    URI url() {
        return outrun.url();
    }

    OutrunConfig config() {
        return config;
    }

    /**
     * Waits until all is published, and holds Kafka against the table: a figure needs a clean one.
     */
    AuditReport audit() throws InterruptedException {
        outrun.drainOnce(LIMIT);
        return Auditor.audit(
                config.postgres(),
                new KafkaAddress(config.bootstrapServers(), Map.of()),
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
