package dev.outrun.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The npm packages that a test needs, at the versions and with the hashes that are committed,
 * installed below {@code target}. Where npm is not there, or cannot install them, the test fails.
 */
final class NpmProject {

    private static final Path SOURCES = Path.of("src/test/npm");
    private static final Path INSTALLED = Path.of("target/npm");
    private static final String LOCK = "package-lock.json";

    /** What npm says of an installation that is complete. */
    private static final Path COMPLETE = INSTALLED.resolve("node_modules/.package-lock.json");

    private NpmProject() {}

    /** Installs them, unless that was done before. */
    static NpmProject install() throws IOException, InterruptedException {
        Files.createDirectories(INSTALLED);
        boolean done =
                Files.exists(COMPLETE)
                        && Files.exists(INSTALLED.resolve(LOCK))
                        && Files.mismatch(SOURCES.resolve(LOCK), INSTALLED.resolve(LOCK)) == -1;
        try (Stream<Path> files = Files.list(SOURCES)) {
            for (Path file : files.toList()) {
                Path copy = INSTALLED.resolve(SOURCES.relativize(file));
                Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
            }
        }
        NpmProject project = new NpmProject();
        if (!done) {
            // No package's own scripts, and no word about funds.
            Output output =
                    project.run(
                            Map.of(),
                            "npm",
                            "ci",
                            "--ignore-scripts",
                            "--prefer-offline",
                            "--no-audit",
                            "--no-fund");
            if (output.exitCode() != 0) {
                throw new IOException("npm ci has failed: " + output.text());
            }
        }
        return project;
    }

    /** What a program has written, and how it has ended. */
    record Output(int exitCode, String text) {

        List<String> lines() {
            return text.lines().toList();
        }
    }

    /** Runs a program in the project's folder to its end. */
    Output run(Map<String, String> environment, String... command)
            throws IOException, InterruptedException {
        Path said = Files.createTempFile(INSTALLED, "output", ".log");
        ProcessBuilder program =
                new ProcessBuilder(command)
                        .directory(INSTALLED.toFile())
                        .redirectInput(new File("/dev/null"))
                        .redirectErrorStream(true)
                        .redirectOutput(said.toFile());
        program.environment().putAll(environment);
        Process process = program.start();
        try {
            return new Output(process.waitFor(), Files.readString(said, UTF_8));
        } finally {
            process.destroy(); // where the test was interrupted
            Files.delete(said);
        }
    }

    /** A file that a program has left there. */
    byte[] read(String file) throws IOException {
        return Files.readAllBytes(INSTALLED.resolve(file));
    }
}
