package dev.outrun.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.outrun.api.hub.SseText;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.List;

/** An event stream as a client reads it. */
final class StreamReader implements AutoCloseable {

    private final HttpResponse<InputStream> response;
    private final ByteArrayOutputStream text = new ByteArrayOutputStream();

    StreamReader(HttpResponse<InputStream> response) {
        this.response = response;
    }

    HttpResponse<InputStream> response() {
        return response;
    }

    /** Reads until there are so many events. */
    List<SseText.Message> read(int events) throws IOException {
        while (messages().size() < events) {
            if (!readLine()) {
                throw new AssertionError("the stream ended after " + text.toString(UTF_8));
            }
        }
        return messages();
    }

    /** Reads to the end of the stream. */
    List<SseText.Message> readToEnd() throws IOException {
        text.writeBytes(response.body().readAllBytes());
        return messages();
    }

    /** Reads until a line is this one. */
    void readUntil(String line) throws IOException {
        while (!text.toString(UTF_8).contains(line + "\n")) {
            if (!readLine()) {
                throw new AssertionError("the stream ended after " + text.toString(UTF_8));
            }
        }
    }

    String text() {
        return text.toString(UTF_8);
    }

    @Override
    public void close() throws IOException {
        response.body().close();
    }

    private List<SseText.Message> messages() {
        return SseText.parse(text.toString(UTF_8));
    }

    private boolean readLine() throws IOException {
        int b;
        do {
            b = response.body().read();
            if (b >= 0) {
                text.write(b);
            }
        } while (b >= 0 && b != '\n');
        return b >= 0;
    }
}
