package dev.outrun.testkit;

import dev.outrun.devstack.LoopbackPorts;
import dev.outrun.server.cli.ApiClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** A real {@code outrun dev} in a process of its own, on this test's class path and free ports. */
final class DevProcess implements AutoCloseable {

    private final Path folder;
    private final List<Integer> ports;
    private Process process;

    DevProcess(Path folder) throws IOException {
        this.folder = folder;
        this.ports = LoopbackPorts.free(3);
        this.process = launch();
    }

    ApiClient api() {
        return new ApiClient(URI.create("http://127.0.0.1:" + ports.get(0)));
    }

    String bootstrapServers() {
        return "127.0.0.1:" + ports.get(1);
    }

    /** kill -9, and start again on the same folder. */
    void killAndStartAgain() throws IOException, InterruptedException {
        process.destroyForcibly().waitFor();
        process = launch();
    }

    /** SIGTERM, as Ctrl-C would, and start again on the same folder. */
    void stopAndStartAgain() throws IOException, InterruptedException {
        process.destroy();
        process.waitFor();
        process = launch();
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
    }

    /** Returns once it has said that it is ready. */
    private Process launch() throws IOException {
        Process launched =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-cp",
                                System.getProperty("java.class.path"),
                                "dev.outrun.server.cli.Main",
                                "dev",
                                "--data",
                                folder.toString(),
                                "--port",
                                ports.get(0).toString(),
                                "--kafka-port",
                                ports.get(1).toString(),
                                "--postgres-port",
                                ports.get(2).toString())
                        .redirectErrorStream(true)
                        .start();
        StringBuilder said = new StringBuilder();
        var out =
                new BufferedReader(
                        new InputStreamReader(launched.getInputStream(), StandardCharsets.UTF_8));
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.startsWith("Outrun is ready")) {
                Thread.ofVirtual().start(() -> out.lines().forEach(_ -> {}));
                return launched;
            }
            said.append(line).append('\n');
        }
        throw new IllegalStateException("outrun dev ended before it was ready:\n" + said);
    }
}
