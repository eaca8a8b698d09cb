package dev.outrun.api;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.task.InterruptableTask;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/1.1 connections, each on a virtual thread of its own, which event streams take over.
 *
 * <p>An event stream lasts for hours, and there are thousands. The request that it began with would
 * be there as long: some forty frames of stack, the headers, the answer. A stream that {@link
 * StreamBegun} has brought here has below it a loop and a socket.
 */
final class HttpConnections implements ServerConnectionSelector {

    private final Http1ConnectionSelector http;

    HttpConnections(Http1ConnectionSelector http) {
        this.http = http;
    }

    @Override
    public int bytesToIdentifyConnection() {
        return http.bytesToIdentifyConnection();
    }

    @Override
    public Support supports(BufferData data) {
        return http.supports(data);
    }

    @Override
    public Set<String> supportedApplicationProtocols() {
        return http.supportedApplicationProtocols();
    }

    @Override
    public ServerConnection connection(ConnectionContext context) {
        return new Connection(http.connection(context), context.dataWriter());
    }

    private record Connection(ServerConnection requests, DataWriter writer)
            implements ServerConnection, InterruptableTask<Void> {

        @Override
        public void handle(Limit limit) throws InterruptedException {
            EventStream stream = answerUntilStream(limit);
            if (stream != null) {
                stream.run(writer);
            }
        }

        /** Answers requests, to the end of the connection or until one has begun a stream. */
        private @Nullable EventStream answerUntilStream(Limit limit) throws InterruptedException {
            try {
                requests.handle(limit);
                return null;
            } catch (StreamBegun begun) {
                return begun.stream();
            }
        }

        @Override
        public Duration idleTime() {
            return requests.idleTime();
        }

        @Override
        public void close(boolean interrupt) {
            requests.close(interrupt);
        }

        @Override
        public boolean canInterrupt() {
            return requests instanceof InterruptableTask<?> task && task.canInterrupt();
        }
    }
}
