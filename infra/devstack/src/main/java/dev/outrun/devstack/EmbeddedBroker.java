package dev.outrun.devstack;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Kafka broker and its controller in this process, on the loopback address, with its data in one
 * directory. The data stays between starts, also after a kill -9. One owner per directory at a
 * time. A fault that Kafka calls fatal, such as a failing disk, ends the process. Thread-safe.
 */
public final class EmbeddedBroker implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(EmbeddedBroker.class);

    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(30);

    private final KafkaRaftServer server;
    private final DirectoryLock lock;
    private final int port;
    private final AtomicBoolean closed = new AtomicBoolean();

    private EmbeddedBroker(KafkaRaftServer server, DirectoryLock lock, int port) {
        this.server = server;
        this.lock = lock;
        this.port = port;
    }

    /**
     * What a broker is started with.
     *
     * @param directory where its data is; made when missing
     * @param port of the listener on 127.0.0.1; 0 is any free one
     * @param security what it asks of its clients; empty lets everybody in
     */
    public record Settings(Path directory, int port, Optional<BrokerSecurity> security) {

        public Settings {
            if (port < 0 || port > 65535) {
                throw new IllegalArgumentException("broker port " + port + " is not in 0..65535");
            }
            directory = directory.toAbsolutePath().normalize();
        }

        /** Letting everybody in. */
        public Settings(Path directory, int port) {
            this(directory, port, Optional.empty());
        }
    }

    /**
     * Starts the broker and returns when it takes requests; an empty directory is formatted first.
     *
     * @throws IllegalStateException if the directory is in use, or the broker did not start
     */
    public static EmbeddedBroker start(Settings settings) {
        long begin = System.nanoTime();
        DirectoryLock lock = DirectoryLock.take(settings.directory());
        try {
            List<Integer> free = LoopbackPorts.free(2);
            // Asked for ahead: Kafka's own answer to a taken port hides which one it was.
            int port =
                    settings.port() == 0 ? free.get(0) : LoopbackPorts.requireFree(settings.port());
            Path data = settings.directory().resolve("data");
            Map<String, String> config = BrokerConfig.embedded(data, port, free.get(1));
            settings.security().ifPresent(security -> config.putAll(security.config()));
            formatWhenEmpty(data);
            deleteRemains(data);
            KafkaRaftServer server = start(config);
            log.info(
                    "broker started port={} directory={} millis={}",
                    port,
                    data,
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
            return new EmbeddedBroker(server, lock, port);
        } catch (Throwable e) {
            lock.close();
            throw e;
        }
    }

    private static KafkaRaftServer start(Map<String, String> config) {
        KafkaRaftServer server =
                new KafkaRaftServer(new KafkaConfig(config, /* doLog= */ false), Time.SYSTEM);
        try {
            server.startup();
            return server;
        } catch (RuntimeException e) {
            IllegalStateException failure =
                    new IllegalStateException("the broker did not start: " + e.getMessage(), e);
            try {
                server.shutdown();
                server.awaitShutdown();
            } catch (RuntimeException again) {
                failure.addSuppressed(again);
            }
            throw failure;
        }
    }

    /**
     * Gives the directory a cluster id and the newest stable features, share groups among them. The
     * file that says "formatted" is written last, so an interrupted format is done again.
     */
    private static void formatWhenEmpty(Path data) {
        if (Files.exists(data.resolve("meta.properties"))) {
            return;
        }
        try {
            new Formatter()
                    .setPrintStream(silent())
                    .setNodeId(BrokerConfig.NODE_ID)
                    .setClusterId(Uuid.randomUuid().toString())
                    .setControllerListenerName(BrokerConfig.CONTROLLER_LISTENER)
                    .addDirectory(data.toString())
                    .setMetadataLogDirectory(data.toString())
                    .run();
        } catch (Exception e) {
            throw new IllegalStateException("cannot format the broker's directory " + data, e);
        }
    }

    /**
     * Finishes the deletion of topics. Kafka puts it off until 30 s after a start, and at each
     * earlier one reads what is to be deleted as it reads a log.
     */
    private static void deleteRemains(Path data) {
        try (DirectoryStream<Path> remains = Files.newDirectoryStream(data, "*-delete")) {
            for (Path log : remains) {
                Directories.delete(log);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot tidy the broker's directory " + data, e);
        }
    }

    private static PrintStream silent() {
        return new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    }

    /** Where clients connect: {@code 127.0.0.1:port}. */
    public String bootstrapServers() {
        return LoopbackPorts.HOST + ":" + port;
    }

    /**
     * Stops the broker within seconds; what it acknowledged is there at the next start. Again:
     * nothing. Works with the thread interrupted.
     *
     * @throws IllegalStateException if it does not stop; the directory then stays locked
     */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        long begin = System.nanoTime();
        // Kafka's own bound is 5 minutes, so it stops on a thread that can be left behind.
        FutureTask<Void> stop = new FutureTask<>(this::stop, null);
        Thread.ofPlatform().daemon().name("broker-stop").start(stop);
        await(stop);
        lock.close();
        log.info(
                "broker stopped port={} millis={}",
                port,
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
    }

    private void stop() {
        server.shutdown();
        server.awaitShutdown();
    }

    private static void await(Future<Void> stop) {
        long deadline = System.nanoTime() + STOP_TIMEOUT.toNanos();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    stop.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                    return;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw new IllegalStateException(
                            "the broker did not stop cleanly", e.getCause());
                } catch (TimeoutException e) {
                    throw new IllegalStateException(
                            "the broker did not stop within " + STOP_TIMEOUT, e);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
