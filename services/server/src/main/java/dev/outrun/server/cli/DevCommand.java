package dev.outrun.server.cli;

import dev.outrun.connector.ConnectorConfig.SourceSettings;
import dev.outrun.connector.topic.RunTopicLimits;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code outrun dev}: everything in this process, until it is told to stop, by Ctrl-C or SIGTERM.
 *
 * <p>This class must load without devstack, which only {@code ./outrun dev} puts on the class path:
 * whatever names a class of devstack is in {@link EmbeddedOutrun}.
 */
@Command(
        name = "dev",
        description = "Run everything, embedded, in one process, on loopback only.",
        mixinStandardHelpOptions = true)
final class DevCommand implements Callable<Integer> {

    @Spec CommandSpec spec;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "8080",
            description = "Where page and API listen; 0: any free (default: ${DEFAULT-VALUE}).")
    int port;

    @Option(
            names = "--data",
            paramLabel = "FOLDER",
            defaultValue = ".outrun",
            description = "Where everything is kept (default: ${DEFAULT-VALUE}).")
    Path data;

    @Option(
            names = "--kafka-port",
            paramLabel = "PORT",
            defaultValue = "9092",
            description = "Where the broker listens; 0: any free (default: ${DEFAULT-VALUE}).")
    int kafkaPort;

    @Option(
            names = "--postgres-port",
            paramLabel = "PORT",
            defaultValue = "54320",
            description = "Where Postgres listens; 0: any free (default: ${DEFAULT-VALUE}).")
    int postgresPort;

    @Option(
            names = "--source",
            paramLabel = "KIND",
            defaultValue = "REPLICATION",
            description =
                    "How the connector gets changes: ${COMPLETION-CANDIDATES}"
                            + " (default: ${DEFAULT-VALUE}).")
    SourceSettings.Kind source;

    @Option(
            names = "--slots",
            paramLabel = "N",
            defaultValue = "1",
            description = "Over how many slots the shards are split (default: ${DEFAULT-VALUE}).")
    int slots;

    @Option(
            names = "--run-topic-retention",
            paramLabel = "TIME",
            defaultValue = "P7D",
            description =
                    "How long the topic of a finished run stays, as in P7D or PT1H; its events are"
                            + " read from Postgres then (default: ${DEFAULT-VALUE}).")
    Duration runTopicRetention;

    @Option(
            names = "--run-topics-max",
            paramLabel = "N",
            defaultValue = "20000",
            description =
                    "At so many run topics no further run is started over HTTP (default:"
                            + " ${DEFAULT-VALUE}).")
    int runTopicsMax;

    @Option(
            names = "--rehearse",
            hidden = true,
            description = "Put a load of sample runs through, and stop.")
    boolean rehearse;

    @Override
    public Integer call() throws InterruptedException {
        long begin = System.nanoTime();
        Path folder = prepareFolder();
        EmbeddedOutrun outrun =
                new EmbeddedOutrun(
                        folder,
                        free("--port", port),
                        free("--kafka-port", kafkaPort),
                        // Not asked for: a Postgres that a kill -9 left behind may still have it,
                        // and is stopped first.
                        postgresPort == 0 ? free("--postgres-port", 0) : postgresPort,
                        source(),
                        runTopics());
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(
                                () -> {
                                    outrun.close();
                                    stopped.countDown();
                                },
                                "outrun-stop"));
        outrun.start();
        new Banner(outrun, System.nanoTime() - begin).print(spec.commandLine().getOut());
        if (rehearse) {
            new Rehearsal(new ApiClient(outrun.api())).run();
        } else {
            stopped.await();
        }
        return 0;
    }

    private SourceSettings source() {
        try {
            return SourceSettings.of(source, slots);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--slots: " + e.getMessage(), e);
        }
    }

    private RunTopicLimits runTopics() {
        try {
            return new RunTopicLimits(runTopicRetention, runTopicsMax);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    /** Also says where to log, which must be known before the first logger is made. */
    private Path prepareFolder() {
        try {
            Path folder = Files.createDirectories(data.toAbsolutePath().normalize());
            System.setProperty("outrun.data", folder.toString());
            System.setProperty("logback.configurationFile", "logback-dev.xml");
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot use the folder " + data, e);
        }
    }

    /** The port itself, or a free one for 0. */
    private static int free(String option, int port) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.ofLiteral(EmbeddedOutrun.HOST), port));
            return probe.getLocalPort();
        } catch (IOException e) {
            throw new OutrunException(
                    ErrorCode.UNAVAILABLE,
                    "port " + port + " is taken; choose another with " + option,
                    e);
        }
    }
}
