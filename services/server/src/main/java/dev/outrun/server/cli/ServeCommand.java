package dev.outrun.server.cli;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.server.Handlers;
import dev.outrun.server.Outrun;
import dev.outrun.server.OutrunConfig;
import dev.outrun.server.Parts;
import dev.outrun.server.Reachability;
import dev.outrun.server.Role;
import dev.outrun.server.config.Configuration;
import dev.outrun.worker.RunHandler;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.common.KafkaException;
import org.slf4j.bridge.SLF4JBridgeHandler;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * {@code outrun serve}: a process of an Outrun over the user's own Postgres and Kafka, until it is
 * told to stop, by Ctrl-C or SIGTERM. It then ends its parts in order, which lets handlers go on
 * for their grace, and publishes what they have written.
 */
@Command(
        name = "serve",
        description = {
            "Run against your Postgres and Kafka, in one process or several, until it is stopped.",
            "Settings come from the file, from environment variables such as OUTRUN_POSTGRES_URL,"
                    + " and from here; the later wins. docs/CONFIG.md lists them all."
        },
        mixinStandardHelpOptions = true)
final class ServeCommand implements Callable<Integer> {

    @Spec CommandSpec spec;

    @Mixin ConfigOptions options;

    @Override
    public Integer call() throws InterruptedException {
        long begin = System.nanoTime();
        prepareLog();
        PrintWriter out = spec.commandLine().getOut();
        Configuration.Loaded loaded = options.load();
        loaded.strangers()
                .forEach(name -> out.println("outrun: " + name + " is no setting; ignored"));
        OutrunConfig config = loaded.config();
        Map<String, RunHandler> handlers = Handlers.of(config);
        Reachability.check(config);
        Parts parts = new Parts();
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(
                                () -> {
                                    parts.close();
                                    stopped.countDown();
                                },
                                "outrun-stop"));
        Outrun outrun = parts.later("outrun", () -> start(config, handlers)).join();
        out.printf(
                "Outrun is ready, after %.1f s: %s listens on %s as %s%n",
                (System.nanoTime() - begin) / (double) TimeUnit.SECONDS.toNanos(1),
                config.instance(),
                outrun.url(),
                config.roles().stream().map(Role::word).sorted().collect(Collectors.joining(",")));
        out.flush();
        stopped.await();
        return 0;
    }

    private static Outrun start(OutrunConfig config, Map<String, RunHandler> handlers) {
        if (config.database().migrate()) {
            Outrun.migrate(config);
        }
        try {
            return Outrun.start(config, handlers);
        } catch (KafkaException e) {
            // It has just answered: what it refuses is for the operator to allow.
            throw new OutrunException(
                    ErrorCode.UNAVAILABLE, e.getMessage() + ": " + e.getCause(), e);
        }
    }

    /** Says where to log, which must be known before the first logger is made. */
    private static void prepareLog() {
        System.setProperty("logback.configurationFile", "logback-serve.xml");
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
    }
}
