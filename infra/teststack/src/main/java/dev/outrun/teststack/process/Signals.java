package dev.outrun.teststack.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Signals to processes that we have started. */
public final class Signals {

    private static final String SEND = "kill -s \"$0\" \"$@\"";

    /** In a shell that lives on when we do not: what is frozen could not end itself then. */
    private static final String FREEZE =
            "kill -s STOP \"$@\"; echo; exec 1>&-; sleep \"$0\"; kill -s CONT \"$@\"";

    private Signals() {}

    /** Sends a signal; who is gone already does not get it. */
    public static void send(String signal, List<ProcessHandle> processes)
            throws InterruptedException {
        shell(SEND, signal, processes).waitFor();
    }

    /** Returns when they are held. */
    public static void freeze(Duration length, List<ProcessHandle> processes) {
        String seconds = "%d.%03d".formatted(length.toSeconds(), length.toMillisPart());
        try (BufferedReader said = shell(FREEZE, seconds, processes).inputReader()) {
            said.readLine();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Process shell(String script, String argument, List<ProcessHandle> processes) {
        List<String> command = new ArrayList<>(List.of("sh", "-c", script, argument));
        processes.forEach(process -> command.add(Long.toString(process.pid())));
        try {
            return new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
