package dev.outrun.bench.stack;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** {@code ./outrun}, as its user starts it, once it is ready. */
public final class Program implements AutoCloseable {

    private static final String READY = "Outrun is ready";

    private final Process process;

    private Program(Process process) {
        this.process = process;
    }

    /** Returns once it has said that it is ready; what else it says is read and thrown away. */
    public static Program start(
            Path outrun, Map<String, String> environment, List<String> arguments)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(outrun.toString());
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        BufferedReader said = process.inputReader();
        StringBuilder before = new StringBuilder();
        for (String line = said.readLine(); line != null; line = said.readLine()) {
            if (line.startsWith(READY)) {
                Thread.ofVirtual().start(() -> said.lines().forEach(_ -> {}));
                return new Program(process);
            }
            before.append(line).append('\n');
        }
        throw new IllegalStateException("outrun ended before it was ready:\n" + before);
    }

    /** kill -9; returns when it is gone. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** SIGTERM; returns when it has ended. */
    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
    }
}
