package dev.outrun.server.cli;

import dev.outrun.connector.ConnectorConfig.SourceSettings;
import dev.outrun.connector.topic.RunTopicLimits;
import dev.outrun.devstack.EmbeddedBroker;
import dev.outrun.devstack.EmbeddedPostgres;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.topic.Topics;
import dev.outrun.server.Outrun;
import dev.outrun.server.OutrunConfig;
import dev.outrun.server.Parts;
import dev.outrun.worker.sample.SampleHandlers;
import java.net.URI;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * An Outrun with a Postgres and a broker of its own, all in one folder, with the sample handlers.
 * Closing stops what was started in the opposite order, also in the middle of a start.
 */
final class EmbeddedOutrun implements AutoCloseable {

    static final String HOST = "127.0.0.1";

    private final Path folder;
    private final RunTopicLimits runTopics;
    private final int port;
    private final int kafkaPort;
    private final int postgresPort;
    private final SourceSettings source;
    private final Parts parts = new Parts();

    EmbeddedOutrun(
            Path folder,
            int port,
            int kafkaPort,
            int postgresPort,
            SourceSettings source,
            RunTopicLimits runTopics) {
        this.folder = folder;
        this.runTopics = runTopics;
        this.port = port;
        this.kafkaPort = kafkaPort;
        this.postgresPort = postgresPort;
        this.source = source;
    }

    /** Postgres and broker beside each other, then Outrun over them; returns when all work. */
    void start() {
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
        var broker = parts.later("broker", this::broker);
        var postgres = parts.later("postgres", this::postgres);
        OutrunConfig config =
                OutrunConfig.of(
                                postgres.join().address(),
                                HOST + ":" + kafkaPort,
                                new Topics(Topics.DEFAULT_PREFIX),
                                OutrunConfig.DEFAULT_SLOT,
                                folder.resolve("engine"))
                        .withPort(port)
                        .withSource(source)
                        .withRunTopics(runTopics);
        Outrun.migrate(config);
        broker.join();
        parts.add("outrun", Outrun.start(config, SampleHandlers.all()));
    }

    Path folder() {
        return folder;
    }

    int port() {
        return port;
    }

    URI api() {
        return URI.create("http://" + HOST + ":" + port);
    }

    int kafkaPort() {
        return kafkaPort;
    }

    int postgresPort() {
        return postgresPort;
    }

    @Override
    public void close() {
        parts.close();
    }

    private EmbeddedBroker broker() {
        return explained(() ->
                EmbeddedBroker.start(
                        new EmbeddedBroker.Settings(folder.resolve("kafka"), kafkaPort)));
    }

    private EmbeddedPostgres postgres() {
        return explained(() ->
                EmbeddedPostgres.start(
                        EmbeddedPostgres.Settings.durable(
                                folder.resolve("postgres"), postgresPort)));
    }

    /** A server that does not start says why, and the user can mend it: a folder or port in use. */
    private static <T> T explained(Supplier<T> start) {
        try {
            return start.get();
        } catch (IllegalStateException e) {
            throw new OutrunException(ErrorCode.UNAVAILABLE, String.valueOf(e.getMessage()), e);
        }
    }
}
