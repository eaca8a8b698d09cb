package dev.outrun.teststack.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A program of ours in a JVM of its own. Thread-safe. */
public final class JavaServer implements Server {

    /** A close may take five seconds, and a freeze longer. */
    private static final Duration STOP_LIMIT = Duration.ofSeconds(25);

    /** For the JVM to write down what its threads do. */
    private static final Duration DUMP_LIMIT = Duration.ofSeconds(3);

    private final Program program;
    private final Path log;
    private final Thread keeper;
    private Life life;
    private boolean held;
    private boolean closed;
    private volatile @Nullable String trouble;

    /**
     * What is run.
     *
     * @param main its class
     * @param heap its maximum, as the JVM reads it
     * @param ready the line it says when it has started
     * @param answers what its answers begin with
     * @param troubles a line with one of them says that something is wrong with it
     */
    public record Program(
            Class<?> main,
            String heap,
            List<String> arguments,
            String ready,
            List<String> answers,
            List<String> troubles) {

        private String name() {
            return main.getSimpleName();
        }

        private Process start() throws IOException {
            List<String> command = new ArrayList<>();
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            // They live for seconds: what a better compiler gains is not earned back.
            command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx" + heap));
            command.addAll(List.of("-Xshare:auto", "--sun-misc-unsafe-memory-access=allow", "-cp"));
            command.add(
                    System.getProperty(
                            "surefire.test.class.path", System.getProperty("java.class.path")));
            command.add(main.getName());
            command.addAll(arguments);
            return new ProcessBuilder(command).redirectErrorStream(true).start();
        }
    }

    /**
     * One process.
     *
     * @param ended done when there is the next one
     */
    private record Life(
            Process process,
            CompletableFuture<Void> ready,
            CompletableFuture<Void> ended,
            BlockingQueue<String> answers) {

        /** Ends it without closing our side of its streams: its last words are heard. */
        private ProcessHandle handle() {
            return process.toHandle();
        }
    }

    /** Starts it, without waiting; all it ever says is added to the log. */
    public JavaServer(Program program, Path log) throws IOException {
        this.program = program;
        this.log = log;
        this.life = begin();
        this.keeper = Thread.ofPlatform().daemon().name("keeper").start(this::keep);
    }

    /** Returns when the process there is, or one after it, has started. */
    public void awaitReady(Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        Life now = life();
        while (!isReady(now, deadline)) {
            now = life();
        }
    }

    /** False if it has ended instead. */
    private boolean isReady(Life now, long deadline) throws InterruptedException {
        Futures.await(
                CompletableFuture.anyOf(now.ready(), now.ended()),
                Duration.ofNanos(deadline - System.nanoTime()),
                "the start of " + program.name());
        return now.ready().isDone();
    }

    /** Writes a line to the process, and returns its answer. */
    public String ask(String question, Duration limit) throws InterruptedException {
        Life now = life();
        try {
            Writer in = now.process().outputWriter();
            in.write(question + "\n");
            in.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        String answer = now.answers().poll(limit.toNanos(), TimeUnit.NANOSECONDS);
        if (answer == null) {
            throw new AssertionError("no answer in " + limit + " to: " + question);
        }
        return answer;
    }

    @Override
    public void kill() throws InterruptedException {
        Life now = life();
        now.handle().destroyForcibly();
        awaitEnd(now);
    }

    @Override
    public void stop() throws InterruptedException {
        Life now = life();
        now.handle().destroy();
        awaitEnd(now);
    }

    @Override
    public void stopAtOnce() throws InterruptedException {
        kill();
    }

    /** Ends it by force; nobody starts it again until {@link #startAgain}. */
    public void killAndWait() throws InterruptedException {
        Life now;
        synchronized (this) {
            held = true;
            now = life;
        }
        now.handle().destroyForcibly();
        now.process().waitFor();
    }

    /** Starts what was ended by {@link #killAndWait}, without waiting. */
    public synchronized void startAgain() {
        held = false;
        notifyAll();
    }

    /** The number of the process there is. */
    public long pid() {
        return life().process().pid();
    }

    /** Holds it until {@link #thaw}. */
    public void freeze() throws InterruptedException {
        Signals.send("STOP", List.of(life().handle()));
    }

    public void thaw() throws InterruptedException {
        Signals.send("CONT", List.of(life().handle()));
    }

    @Override
    public void freeze(Duration length) {
        Signals.freeze(length, List.of(life().handle()));
    }

    @Override
    public @Nullable String trouble() {
        return trouble;
    }

    /** Ends it by force; nobody starts it again. */
    public void killForGood() {
        close();
    }

    @Override
    public void close() {
        Life last;
        synchronized (this) {
            closed = true;
            last = life;
            notifyAll();
        }
        last.handle().destroyForcibly();
        boolean interrupted = false;
        while (keeper.isAlive()) {
            try {
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

    private void awaitEnd(Life of) throws InterruptedException {
        try {
            of.ended().get(STOP_LIMIT.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            Signals.send("QUIT", List.of(of.handle())); // a dump of its threads
            of.process().waitFor(DUMP_LIMIT);
            throw new AssertionError(program.name() + " does not end in " + STOP_LIMIT, e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e); // an end has no exception
        }
    }

    private Life begin() throws IOException {
        return new Life(
                program.start(),
                new CompletableFuture<>(),
                new CompletableFuture<>(),
                new LinkedBlockingQueue<>());
    }

    /** The service manager. */
    private void keep() {
        Life now = life();
        try {
            while (true) {
                listen(now);
                now.process().onExit().join();
                synchronized (this) {
                    while (held && !closed) {
                        wait();
                    }
                    if (closed) {
                        return;
                    }
                    life = begin();
                }
                now.ended().complete(null);
                now = life();
            }
        } catch (IOException | InterruptedException e) { // nobody interrupts a keeper
            trouble = program.name() + " cannot be kept running: " + e;
        }
    }

    private void listen(Life to) throws IOException {
        try (BufferedReader out = to.process().inputReader();
                Writer file =
                        Files.newBufferedWriter(
                                log, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            file.write("--- pid " + to.process().pid() + "\n");
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                file.write(line + "\n");
                file.flush();
                hear(to, line);
            }
        }
    }

    private void hear(Life from, String line) {
        if (line.equals(program.ready())) {
            from.ready().complete(null);
        } else if (program.answers().stream().anyMatch(line::startsWith)) {
            from.answers().add(line);
        } else if (trouble == null && program.troubles().stream().anyMatch(line::contains)) {
            trouble = program.name() + " says: " + line;
        }
    }
}
