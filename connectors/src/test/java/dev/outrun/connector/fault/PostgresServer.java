package dev.outrun.connector.fault;

import dev.outrun.devstack.EmbeddedPostgres;
import dev.outrun.devstack.PostgresBinaries;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.teststack.process.Futures;
import dev.outrun.teststack.process.Server;
import dev.outrun.teststack.process.Signals;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Postgres cluster: its first process and that one's children, which are killed and frozen all
 * together. Thread-safe.
 */
final class PostgresServer implements Server {

    private static final Logger LOG = LoggerFactory.getLogger(PostgresServer.class);

    /** A fast shutdown waits for those who read the log; an operator does not wait for ever. */
    private static final Duration FAST_LIMIT = Duration.ofSeconds(20);

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final EmbeddedPostgres.Settings settings;
    private final Thread keeper;
    private Life life;
    private boolean closed;
    private volatile @Nullable String trouble;

    /**
     * One start.
     *
     * @param ended done when there is the next one
     */
    private record Life(
            EmbeddedPostgres server, ProcessHandle first, CompletableFuture<Void> ended) {

        private Life(EmbeddedPostgres server) {
            this(server, server.process(), new CompletableFuture<>());
        }
    }

    /** Returns when it has started. Its commits do not wait for the disk: that stays alive. */
    PostgresServer(Path directory, int port) {
        this.settings =
                new EmbeddedPostgres.Settings(
                        directory, port, /* durable= */ false, PostgresBinaries.bundled());
        this.life = new Life(EmbeddedPostgres.start(settings));
        this.keeper = Thread.ofPlatform().daemon().name("keeper").start(this::keep);
    }

    /** Where its files are. */
    Path data() {
        return settings.directory().resolve("data");
    }

    /** The database that every start finds. */
    PostgresAddress address() {
        return life().server().address();
    }

    @Override
    public void kill() throws InterruptedException {
        Life now = life();
        kill(now.first());
        Futures.await(now.ended(), LIMIT, "a Postgres that was killed");
    }

    @Override
    public void stop() throws InterruptedException {
        Life now = life();
        Signals.send("INT", List.of(now.first()));
        try {
            now.first().onExit().get(FAST_LIMIT.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            LOG.warn("postgres does not end by a fast shutdown limit={}", FAST_LIMIT);
            Signals.send("QUIT", List.of(now.first()));
        } catch (ExecutionException e) {
            throw new IllegalStateException(e); // an exit has no exception
        }
        Futures.await(now.ended(), LIMIT, "a Postgres that was stopped");
    }

    @Override
    public void stopAtOnce() throws InterruptedException {
        Life now = life();
        Signals.send("QUIT", List.of(now.first()));
        Futures.await(now.ended(), LIMIT, "a Postgres that was stopped at once");
    }

    /** The first process first: it makes no more children then. */
    @Override
    public void freeze(Duration length) {
        ProcessHandle first = life().first();
        Signals.freeze(length, List.of(first));
        Signals.freeze(length, first.children().toList());
    }

    @Override
    public @Nullable String trouble() {
        return trouble;
    }

    /** Ends it by force; nobody starts it again. */
    void killForGood() {
        close();
    }

    @Override
    public void close() {
        Life last;
        synchronized (this) {
            closed = true;
            last = life;
        }
        boolean interrupted = Thread.interrupted();
        while (keeper.isAlive()) {
            try {
                kill(last.first());
                keeper.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized Life life() {
        return life;
    }

    /** Held first, so that no child is made while they are listed. */
    private static void kill(ProcessHandle first) throws InterruptedException {
        Signals.send("STOP", List.of(first));
        List<ProcessHandle> all =
                new ArrayList<>(Stream.concat(Stream.of(first), first.children()).toList());
        Signals.send("KILL", all);
        all.forEach(one -> one.onExit().join());
    }

    /** The service manager. */
    private void keep() {
        Life now = life();
        try {
            while (true) {
                now.first().onExit().join();
                now.server().close(); // lets go of the directory
                Life next;
                synchronized (this) {
                    if (closed) {
                        return;
                    }
                    next = new Life(EmbeddedPostgres.start(settings));
                    life = next;
                }
                now.ended().complete(null);
                now = next;
            }
        } catch (IllegalStateException e) {
            trouble = "Postgres does not start: " + e;
            now.ended().completeExceptionally(e);
        }
    }
}
