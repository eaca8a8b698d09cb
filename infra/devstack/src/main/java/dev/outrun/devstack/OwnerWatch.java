package dev.outrun.devstack;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * A shell that ends a server when this process ends without having stopped it, even by a kill -9:
 * it waits for the end of a pipe that only this process holds. It looks again whose server it is
 * before it signals, and ignores what a Ctrl-C sends to the process group. Linux only; elsewhere a
 * killed owner's server stays until the next start on its directory.
 */
final class OwnerWatch implements AutoCloseable {

    private static final String SCRIPT =
            """
            trap '' INT TERM HUP
            read -r released && exit
            read -r pid < "$1/postmaster.pid" && [ "/proc/$pid/cwd" -ef "$1" ] && kill -QUIT "$pid"
            """;

    private final Process shell;

    private OwnerWatch(Process shell) {
        this.shell = shell;
    }

    static OwnerWatch over(Path data) {
        try {
            return new OwnerWatch(
                    new ProcessBuilder(List.of("sh", "-c", SCRIPT, "sh", data.toString()))
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot watch over " + data, e);
        }
    }

    /** Lets go of the server without ending it. */
    @Override
    public void close() {
        try (OutputStream pipe = shell.getOutputStream()) {
            pipe.write("released\n".getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // the shell is gone already: somebody killed it, and nothing is left to let go of
        }
    }
}
