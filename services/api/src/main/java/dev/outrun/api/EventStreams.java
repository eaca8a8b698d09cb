package dev.outrun.api;

import dev.outrun.api.hub.Deliveries;
import dev.outrun.api.hub.HubConfig;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ServerConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The open event streams, each on its client's thread; cuts those whose client does not read. */
final class EventStreams implements AutoCloseable {

    static final String MEDIA_TYPE = "text/event-stream";

    /** Where a reader begins that wants nothing but what is new. */
    static final String LATEST = "latest";

    private static final HeaderName LAST_EVENT_ID = HeaderNames.create("Last-Event-ID");

    /** Proxies gather answers, unless they are told not to. */
    private static final HeaderName PROXY_BUFFERING = HeaderNames.create("X-Accel-Buffering");

    private static final Logger LOG = LoggerFactory.getLogger(EventStreams.class);

    private final HubConfig config;
    private final Counter written;
    private final Counter stalled;
    private final Set<EventStream> open = new HashSet<>();
    private final CountDownLatch closed = new CountDownLatch(1);

    private EventStreams(HubConfig config, MeterRegistry registry) {
        this.config = config;
        this.written = registry.counter("outrun.api.stream.events");
        this.stalled = registry.counter("outrun.api.streams.stalled");
    }

    static EventStreams start(HubConfig config, MeterRegistry registry) {
        EventStreams streams = new EventStreams(config, registry);
        Thread.ofPlatform().name("outrun-api-stalls").daemon().start(streams::guard);
        return streams;
    }

    /** Whether the caller asks for an event stream. */
    static boolean areWantedBy(ServerRequest request) {
        for (String accept : request.headers().values(HeaderNames.ACCEPT)) {
            for (String range : accept.split(",", -1)) {
                if (range.split(";", 2)[0].trim().equalsIgnoreCase(MEDIA_TYPE)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Where a client was when it lost its stream; null for one that begins. */
    static @Nullable String lastEventId(ServerRequest request) {
        String last = request.headers().first(LAST_EVENT_ID).orElse("").trim();
        return last.isEmpty() ? null : last;
    }

    /**
     * Begins a client's stream, which then leaves its request behind: whoever has called this
     * throws what it returns, and the stream goes on from {@link HttpConnections}.
     *
     * @param deliveries are the stream's from now on
     */
    StreamBegun begin(Deliveries deliveries, ServerResponse response) {
        EventStream stream = new EventStream(deliveries, this);
        enter(stream);
        boolean begun = false;
        try {
            response.header(HeaderNames.CONTENT_TYPE, MEDIA_TYPE);
            response.header(PROXY_BUFFERING, "no");
            response.header(HeaderValues.CONNECTION_CLOSE); // nothing comes after it
            OutputStream out = response.outputStream();
            out.write(EventStream.HELLO);
            out.flush();
            begun = true;
            return new StreamBegun(stream);
        } catch (IOException | ServerConnectionException e) {
            throw new CloseConnectionException("the client is gone", e);
        } finally {
            if (!begun) {
                stream.end();
            }
        }
    }

    /** Silence after which a client gets a comment. */
    Duration keepAlive() {
        return config.keepAlive();
    }

    /** So many events have been written. */
    void wrote(int events) {
        written.increment(events);
    }

    /** A stream has ended. */
    synchronized void leave(EventStream stream) {
        open.remove(stream);
        notifyAll();
    }

    /** Waits until all have ended, at most so long; then cuts those in the middle of a write. */
    void awaitEnd(Duration most) {
        long deadline = System.nanoTime() + most.toNanos();
        boolean interrupted = false;
        synchronized (this) {
            for (long left = most.toNanos();
                    left > 0 && !open.isEmpty() && !interrupted;
                    left = deadline - System.nanoTime()) {
                try {
                    TimeUnit.NANOSECONDS.timedWait(this, Math.max(left, 1_000_000));
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        cutStalled(Duration.ZERO);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed.countDown();
    }

    private void guard() {
        long periodMillis = Math.max(1, config.writeStallMax().toMillis() / 4);
        try {
            while (!closed.await(periodMillis, TimeUnit.MILLISECONDS)) {
                cutStalled(config.writeStallMax());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody does; the thread ends
        }
    }

    private synchronized void enter(EventStream stream) {
        open.add(stream);
    }

    private synchronized void cutStalled(Duration most) {
        for (EventStream stream : open) {
            if (stream.cutIfStalled(most.toNanos())) {
                stalled.increment();
                LOG.info("event=stream_stalled stall_ms={}", most.toMillis());
            }
        }
    }
}
