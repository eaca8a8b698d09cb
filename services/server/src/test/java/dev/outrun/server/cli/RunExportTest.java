package dev.outrun.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an export asks a server for, and what it makes of the answers. */
final class RunExportTest {

    private static final String RUN =
            "{\"id\":\"7\",\"status\":\"running\",\"handler\":\"h\",\"queue\":\"q\",\"next_seq\":3}";
    private static final String QUEUE = "{\"queue\":\"q\",\"mode\":\"active\"}";

    /** As the server wrote them: a number of any length, spaces, a line feed. */
    private static final String EVENT_0 = "{\"run\":\"7\",\"seq\":0,\"data\":{\"n\": 1.10e2}}";

    private static final String EVENT_1 = "{\"run\":\"7\",\"seq\":1,\"data\":[1,\n2]}";
    private static final String EVENT_2 = "{\"run\":\"7\",\"seq\":2,\"data\":\"ü ]}\"}";

    private final Map<String, String> answers =
            Map.of(
                    "/v1/runs/7",
                    RUN,
                    "/v1/queues/q",
                    QUEUE,
                    "/v1/runs?parent=7&limit=500",
                    "{\"runs\":[{\"id\":\"8\"}],\"next\":\"a b\"}",
                    "/v1/runs?parent=7&limit=500&cursor=a+b",
                    "{\"runs\":[{\"id\":\"9\"}],\"next\":null}",
                    "/v1/runs/7/events?from=0&limit=3",
                    "{\"events\":[" + EVENT_0 + "," + EVENT_1 + "],\"next\":2,\"closed\":false}",
                    "/v1/runs/7/events?from=2&limit=1",
                    "{\"events\":[" + EVENT_2 + "],\"next\":3,\"closed\":false}");

    private final HttpServer server;
    private final Path folder;

    RunExportTest(@TempDir Path folder) throws IOException {
        this.folder = folder;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void export_hasAllOfTheRun_byteForByte() throws IOException {
        // When
        Path file = folder.resolve("run.json");
        int exit = export("7", file);

        // Then
        assertEquals(0, exit);
        assertEquals(
                "{\"format\":1,\n\"run\":"
                        + RUN
                        + ",\n\"queue\":"
                        + QUEUE
                        + ",\n\"children\":[\n{\"id\":\"8\"},\n{\"id\":\"9\"}],\n\"events\":[\n"
                        + String.join(",\n", EVENT_0, EVENT_1, EVENT_2)
                        + "]}\n",
                Files.readString(file));
    }

    @Test
    void export_ofAnUnknownRun_isRefused() {
        // When
        Path file = folder.resolve("run.json");
        int exit = export("8", file);

        // Then
        assertEquals(Main.REFUSED, exit);
        assertFalse(Files.exists(file));
    }

    @Test
    void export_toWhereNothingCanBeWritten_isRefused() {
        assertEquals(Main.REFUSED, export("7", folder.resolve("no/such/folder")));
    }

    private int export(String id, Path file) {
        String url = "http://127.0.0.1:" + server.getAddress().getPort();
        return Main.run("run", "export", id, "--output", file.toString(), "--url", url);
    }

    private void answer(HttpExchange exchange) throws IOException {
        String answer = answers.get(exchange.getRequestURI().toString());
        byte[] body =
                (answer == null ? "{\"code\":\"unknown_run\",\"detail\":\"no run\"}" : answer)
                        .getBytes(UTF_8);
        exchange.sendResponseHeaders(answer == null ? 404 : 200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }
}
