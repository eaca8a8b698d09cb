package dev.outrun.bench.reader;

import dev.outrun.bench.figure.Ages;
import dev.outrun.schema.run.RunId;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@link SseClients} in a process of their own. */
public final class ClientProcess implements AutoCloseable {

    private final Process process;
    private final BufferedReader said;
    private final PrintWriter ask;

    private ClientProcess(Process process) {
        this.process = process;
        this.said = process.inputReader();
        this.ask = new PrintWriter(process.outputWriter(), true);
    }

    /** So many, and slow ones besides, which never read; returns when all are connected. */
    public static ClientProcess start(int port, int clients, int slow, List<RunId> runs)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx512m", "-cp", System.getProperty("java.class.path")));
        command.add(SseClients.class.getName());
        for (int argument : List.of(port, clients, slow)) {
            command.add(Integer.toString(argument));
        }
        runs.forEach(run -> command.add(run.toString()));
        ClientProcess started =
                new ClientProcess(
                        new ProcessBuilder(command)
                                .redirectError(ProcessBuilder.Redirect.INHERIT)
                                .start());
        if (!"ready".equals(started.said.readLine())) {
            started.close();
            throw new IllegalStateException("the clients did not connect");
        }
        return started;
    }

    /**
     * How old the events were that they have had since the last time.
     *
     * @param expected waited for
     */
    public Ages report(long expected) throws IOException {
        ask.println(expected);
        String line = said.readLine();
        if (line == null) {
            throw new IllegalStateException("the clients have ended");
        }
        return Ages.parse(line);
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        ask.close();
        said.close();
    }
}
