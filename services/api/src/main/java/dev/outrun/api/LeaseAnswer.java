package dev.outrun.api;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/**
 * The answer to somebody who waits for a task: JSON, with white space before it while they wait, as
 * a client that is gone shows only when it is written to. For one thread.
 */
final class LeaseAnswer {

    private final ServerResponse response;
    private @Nullable OutputStream begun;

    LeaseAnswer(ServerResponse response) {
        this.response = response;
    }

    /**
     * Looks whether the client is there; one that has just gone shows at the second look.
     *
     * @throws IOException if it is not
     */
    void look() throws IOException {
        OutputStream out = out();
        out.write(' ');
        out.flush();
    }

    /**
     * Sends the rest.
     *
     * @throws IOException if the client is gone, as far as that shows
     */
    void send(byte[] json) throws IOException {
        if (begun == null) {
            Reply.json(response, json);
        } else {
            begun.write(json);
            begun.close();
        }
    }

    private OutputStream out() {
        if (begun == null) {
            response.header(HeaderNames.CONTENT_TYPE, "application/json");
            begun = response.outputStream();
        }
        return begun;
    }
}
