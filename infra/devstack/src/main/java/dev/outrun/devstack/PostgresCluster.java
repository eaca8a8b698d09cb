package dev.outrun.devstack;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One data directory and the server that runs on it. Not thread-safe; its owner is. */
final class PostgresCluster {

    private static final Logger log = LoggerFactory.getLogger(PostgresCluster.class);

    private static final Duration INITDB_TIMEOUT = Duration.ofMinutes(2);

    /** Long enough to replay a big log after a kill. */
    private static final Duration START_TIMEOUT = Duration.ofMinutes(2);

    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);
    private static final int LOG_TAIL_CHARS = 2_000;
    private static final long LOG_BYTES_MAX = 16L * 1024 * 1024;

    private final Path directory;
    private final Path data;
    private final Path logFile;
    private final PostgresPrograms programs;
    private final boolean durable;
    private @Nullable OwnerWatch watch;

    PostgresCluster(Path directory, boolean durable, PostgresPrograms programs) {
        this.directory = directory;
        this.durable = durable;
        this.data = directory.resolve("data");
        this.logFile = directory.resolve("postgres.log");
        this.programs = programs;
    }

    /** Stops a server that runs on the directory; its owner is gone, for we have the lock. */
    void stopOrphan() throws IOException {
        Optional<Postmaster> named = Postmaster.namedBy(data);
        if (named.isEmpty()) {
            return;
        }
        Postmaster postmaster = named.get();
        if (postmaster.isOurs()) {
            log.warn("stopping orphaned postgres pid={}", postmaster.process().pid());
            stop();
        } else if (!postmaster.isPostgres()) {
            // The number of a server that was killed now belongs to another program. Postgres only
            // looks whether it is alive and would refuse to start for ever.
            Files.delete(data.resolve(Postmaster.PID_FILE));
        }
    }

    /** Made beside its place and then moved there, so that half a cluster is never seen. */
    void initialiseWhenEmpty() throws IOException, InterruptedException {
        if (Files.exists(data)) {
            return;
        }
        Path beside = directory.resolve("data.unfinished");
        Directories.delete(beside);
        PostgresPrograms.Outcome outcome =
                programs.run(
                        INITDB_TIMEOUT,
                        "initdb",
                        List.of(
                                "--pgdata=" + beside,
                                "--username=postgres",
                                // The password is public anyway and only loopback is listened on.
                                "--auth=trust",
                                "--encoding=UTF8",
                                // Bytes order text: the same on every machine.
                                "--no-locale",
                                "--no-sync",
                                "--no-instructions"));
        if (!outcome.good()) {
            throw new IllegalStateException("initdb failed: " + outcome.output());
        }
        Files.move(beside, data);
    }

    /** Starts the server, in a session of its own (pg_ctl does that), and waits for it. */
    void start(int port) throws IOException, InterruptedException {
        Files.writeString(data.resolve("postgresql.conf"), PostgresConfig.text(port, durable));
        if (Files.exists(logFile) && Files.size(logFile) > LOG_BYTES_MAX) {
            Files.delete(logFile);
        }
        PostgresPrograms.Outcome outcome =
                programs.run(
                        START_TIMEOUT.plusSeconds(5),
                        "pg_ctl",
                        List.of(
                                "start",
                                "--wait",
                                "--timeout=" + START_TIMEOUT.toSeconds(),
                                "--pgdata=" + data,
                                "--log=" + logFile));
        if (!outcome.good()) {
            stop();
            throw new IllegalStateException("Postgres did not start: " + logTail());
        }
        if (!durable) {
            watch = OwnerWatch.over(data);
        }
    }

    /** The process that was started last, if it lives. */
    ProcessHandle process() {
        return Postmaster.namedBy(data)
                .orElseThrow(() -> new IllegalStateException("no server runs on " + data))
                .process();
    }

    /**
     * Stops the server: fast (sessions are ended, a checkpoint is written), at once when that takes
     * too long, by a kill when even that does. Works with the thread interrupted.
     */
    void stop() {
        boolean interrupted = Thread.interrupted();
        if (watch != null) {
            watch.close();
        }
        try {
            for (String mode : List.of("fast", "immediate")) {
                if (Postmaster.namedBy(data).filter(Postmaster::isOurs).isEmpty()
                        || stop(mode).good()) {
                    return;
                }
                log.warn("postgres did not stop mode={} directory={}", mode, directory);
            }
            Optional<Postmaster> left = Postmaster.namedBy(data).filter(Postmaster::isOurs);
            if (left.isPresent()) {
                kill(left.get().process());
            }
        } catch (InterruptedException e) {
            interrupted = true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private PostgresPrograms.Outcome stop(String mode) throws InterruptedException {
        return programs.run(
                STOP_TIMEOUT.plusSeconds(5),
                "pg_ctl",
                List.of(
                        "stop",
                        "--wait",
                        "--mode=" + mode,
                        "--timeout=" + STOP_TIMEOUT.toSeconds(),
                        "--pgdata=" + data));
    }

    private static void kill(ProcessHandle process) throws InterruptedException {
        process.destroyForcibly();
        try {
            process.onExit().get(STOP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("Postgres survives a kill: pid " + process.pid(), e);
        }
    }

    private String logTail() throws IOException {
        if (!Files.exists(logFile)) {
            return "it wrote no log";
        }
        String text = new String(Files.readAllBytes(logFile), StandardCharsets.UTF_8).strip();
        return text.substring(Math.max(0, text.length() - LOG_TAIL_CHARS));
    }
}
