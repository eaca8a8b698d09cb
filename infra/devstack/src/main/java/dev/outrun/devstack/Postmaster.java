package dev.outrun.devstack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The server process that a data directory's {@code postmaster.pid} names. The file outlives a
 * killed server, and its number may then belong to anybody.
 */
record Postmaster(Path data, ProcessHandle process) {

    static final String PID_FILE = "postmaster.pid";

    /** The live process that the directory names; empty when there is none. */
    static Optional<Postmaster> namedBy(Path data) {
        try {
            List<String> lines = Files.readAllLines(data.resolve(PID_FILE));
            return lines.isEmpty()
                    ? Optional.empty()
                    : ProcessHandle.of(Long.parseLong(lines.getFirst().strip()))
                            .filter(ProcessHandle::isAlive)
                            .map(process -> new Postmaster(data, process));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty(); // Postgres itself says what is wrong with the file
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + data.resolve(PID_FILE), e);
        }
    }

    /** Whether the process is a Postgres at all. */
    boolean isPostgres() {
        return process.info()
                .command()
                .map(command -> Path.of(command).endsWith("postgres"))
                .orElse(false);
    }

    /** Whether the process is a Postgres of this very data directory. */
    boolean isOurs() {
        return isPostgres() && (worksIn() || startedWith());
    }

    /** A server's working directory is its data directory; only Linux tells it. */
    private boolean worksIn() {
        return isData(Path.of("/proc/" + process.pid() + "/cwd"));
    }

    private boolean startedWith() {
        String[] arguments = process.info().arguments().orElse(new String[0]);
        int option = List.of(arguments).indexOf("-D");
        return option >= 0
                && option + 1 < arguments.length
                && isData(Path.of(arguments[option + 1]));
    }

    private boolean isData(Path path) {
        try {
            return Files.isDirectory(path) && Files.isSameFile(path, data);
        } catch (IOException e) {
            return false; // gone meanwhile, or not ours to look at
        }
    }
}
