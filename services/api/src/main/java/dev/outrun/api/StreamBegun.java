package dev.outrun.api;

import io.helidon.webserver.CloseConnectionException;

/**
 * Thrown by a call that has begun an event stream: filters and routing let it pass, as they do with
 * everything of this type, and so nothing of the request stays in memory for as long as the stream
 * lasts.
 */
final class StreamBegun extends CloseConnectionException {

    private static final long serialVersionUID = 1;

    private final transient EventStream stream;

    StreamBegun(EventStream stream) {
        super("an event stream has begun");
        this.stream = stream;
    }

    EventStream stream() {
        return stream;
    }

    /** It is no failure, and nobody looks where it came from. */
    @Override
    public Throwable fillInStackTrace() {
        return this;
    }
}
