package dev.outrun.testkit;

import dev.outrun.teststack.process.Signals;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A worker in another process and another language: a script over the example's module. */
final class PythonWorker implements AutoCloseable {

    static final Path EXAMPLES = Path.of("../../docs/examples/python");

    private final Process process;
    private final BufferedReader said;

    private PythonWorker(Process process) {
        this.process = process;
        this.said = process.inputReader();
    }

    /** Starts a script, which is told where the API is, and more. */
    static PythonWorker start(Path script, URI url, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("python3", script.toString()));
        command.add(url.toString());
        command.addAll(List.of(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("PYTHONPATH", EXAMPLES.toString());
        // Nothing is left in the tree.
        builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
        return new PythonWorker(builder.start());
    }

    /** The next line it says; waits for it. */
    String nextLine() throws IOException {
        String line = said.readLine();
        if (line == null) {
            throw new AssertionError("it has ended without a word");
        }
        return line;
    }

    void kill() throws InterruptedException {
        Signals.send("KILL", List.of(process.toHandle()));
        process.waitFor();
    }

    void freeze(Duration length) {
        Signals.freeze(length, List.of(process.toHandle()));
    }

    /** Asks it to end, and returns its exit code when it has. */
    int stop() throws InterruptedException {
        Signals.send("TERM", List.of(process.toHandle()));
        return process.waitFor();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
