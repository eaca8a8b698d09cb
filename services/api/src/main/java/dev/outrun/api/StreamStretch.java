package dev.outrun.api;

import dev.outrun.api.hub.Frame;
import dev.outrun.schema.event.Event;
import java.util.ArrayList;
import java.util.List;

/** A stretch of a log while it is read: the messages in it, and where it ends. For one thread. */
final class StreamStretch {

    private final StreamView view;
    private final List<byte[]> messages = new ArrayList<>();
    private long next;

    /** Nothing yet, from a seq on. */
    StreamStretch(StreamView view, long from) {
        this.view = view;
        this.next = from;
    }

    void add(Event event) {
        byte[] message = view.message(event);
        if (message != null) {
            messages.add(message);
        }
        next = view.after(event);
    }

    void add(List<Frame> frames) {
        for (Frame frame : frames) {
            Event event = frame.event();
            if (event != null) {
                add(event);
            }
        }
    }

    List<byte[]> messages() {
        return messages;
    }

    long next() {
        return next;
    }
}
