package dev.outrun.devstack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Runs {@code initdb} and {@code pg_ctl}. They refuse to run as root, so root runs them in a user
 * namespace of their own, where root is nobody.
 */
final class PostgresPrograms {

    private final Path installed;
    private final boolean root;

    PostgresPrograms(Path installed) {
        this.installed = installed;
        this.root = isRoot();
    }

    /** What a program said and how it ended. */
    record Outcome(int status, String output) {

        boolean good() {
            return status == 0;
        }
    }

    /**
     * Runs a program of {@code bin/} to its end, or kills it after the timeout.
     *
     * @throws InterruptedException if the caller is; the program is killed
     */
    Outcome run(Duration timeout, String program, List<String> arguments)
            throws InterruptedException {
        List<String> command = new ArrayList<>();
        if (root) {
            command.addAll(List.of("unshare", "--user"));
        }
        command.add(installed.resolve("bin").resolve(program).toString());
        command.addAll(arguments);
        try {
            Path output = Files.createTempFile("outrun-" + program + "-", ".out");
            try {
                return run(timeout, command, output);
            } finally {
                Files.delete(output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot run " + command, e);
        }
    }

    /** To a file, not a pipe: a pipe would stay open in a server that the program leaves behind. */
    private static Outcome run(Duration timeout, List<String> command, Path output)
            throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile());
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        try {
            process.getOutputStream().close();
            if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                return new Outcome(-1, "no end within " + timeout + "\n" + text(output));
            }
            return new Outcome(process.exitValue(), text(output));
        } finally {
            process.destroyForcibly();
        }
    }

    private static String text(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8).strip();
    }

    private static boolean isRoot() {
        Path self = Path.of("/proc/self");
        try {
            return Files.exists(self)
                    && Integer.valueOf(0).equals(Files.getAttribute(self, "unix:uid"));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot tell who runs this process", e);
        }
    }
}
