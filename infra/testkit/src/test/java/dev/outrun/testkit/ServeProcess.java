package dev.outrun.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.outrun.server.cli.ApiClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A real {@code outrun serve} in a process of its own, on this test's class path. */
final class ServeProcess implements AutoCloseable {

    private static final Pattern READY =
            Pattern.compile("Outrun is ready, after .* s: \\S+ listens on (\\S+) as \\S+");

    private final Process process;
    private final URI url;

    private ServeProcess(Process process, URI url) {
        this.process = process;
        this.url = url;
    }

    /** What a process that has ended said, and how it ended. */
    record Ended(int status, String said) {}

    /** Returns once it has said that it is ready. */
    static ServeProcess start(Path config, String... flags) throws IOException {
        Process process = launch(config, flags);
        StringBuilder said = new StringBuilder();
        BufferedReader out = process.inputReader();
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            Matcher ready = READY.matcher(line);
            if (ready.matches()) {
                Thread.ofVirtual().start(() -> out.lines().forEach(_ -> {}));
                return new ServeProcess(process, URI.create(ready.group(1)));
            }
            said.append(line).append('\n');
        }
        throw new IllegalStateException("outrun serve ended before it was ready:\n" + said);
    }

    /** Runs one to its end, which it is to come to by itself. */
    static Ended run(Path config, String... flags) throws IOException, InterruptedException {
        Process process = launch(config, flags);
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        return new Ended(process.waitFor(), said);
    }

    private static Process launch(Path config, String... flags) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // They live for seconds: what a better compiler gains is not earned back.
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m"));
        command.addAll(List.of("-Xshare:auto", "--sun-misc-unsafe-memory-access=allow", "-cp"));
        command.add(
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path")));
        command.add("dev.outrun.server.cli.Main");
        command.addAll(List.of("serve", "--config", config.toString(), "--port", "0"));
        command.addAll(List.of(flags));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    URI url() {
        return url;
    }

    ApiClient api() {
        return new ApiClient(url);
    }

    /** SIGTERM; returns when it has ended. */
    void stop() throws InterruptedException {
        process.toHandle().destroy(); // without closing our side of its streams
        process.waitFor();
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
    }
}
