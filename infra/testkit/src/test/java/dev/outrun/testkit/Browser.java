package dev.outrun.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A page in a real browser, of an origin of its own, that sends back what it has found out. */
final class Browser implements AutoCloseable {

    private static final String CHROMIUM = "/usr/bin/chromium";
    private static final String RESULT = "/result";

    private final HttpServer server;
    private final CompletableFuture<String> result = new CompletableFuture<>();

    Browser() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext(RESULT, this::take);
        server.start();
    }

    private void take(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
        exchange.sendResponseHeaders(204, -1);
        exchange.close();
        result.complete(body);
    }

    /** Of the pages that are shown here. */
    URI origin() {
        return URI.create("http://localhost:" + server.getAddress().getPort());
    }

    /**
     * Runs a script in a page, and waits for what it passes to {@code done}.
     *
     * @param profile a folder for the browser's own files
     */
    String run(String script, Path profile) throws Exception {
        String page =
                """
                <!doctype html>
                <script>
                const done = text => fetch("%s", {method: "POST", body: text})
                %s
                </script>
                """
                        .formatted(RESULT, script);
        server.createContext(
                "/page",
                exchange -> {
                    exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
                    byte[] bytes = page.getBytes(UTF_8);
                    exchange.sendResponseHeaders(200, bytes.length);
                    exchange.getResponseBody().write(bytes);
                    exchange.close();
                });
        Process browser =
                new ProcessBuilder(
                                List.of(
                                        CHROMIUM,
                                        "--headless",
                                        "--no-sandbox",
                                        "--disable-gpu",
                                        "--disable-dev-shm-usage",
                                        "--no-first-run",
                                        "--user-data-dir=" + profile,
                                        "--remote-debugging-port=0", // stays until it is ended
                                        origin() + "/page"))
                        .redirectInput(new File("/dev/null"))
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        try {
            return result.get(1, TimeUnit.MINUTES);
        } finally {
            browser.descendants().forEach(ProcessHandle::destroyForcibly);
            browser.destroyForcibly().waitFor();
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
