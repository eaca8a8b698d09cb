package dev.outrun.api;

import dev.outrun.api.hub.Delivery;
import dev.outrun.api.hub.Frame;
import dev.outrun.api.hub.History;
import dev.outrun.api.hub.Subscription;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import java.time.Duration;
import java.util.List;

/**
 * A stretch of a stream as one answer has it.
 *
 * @param next the seq of whatever follows it
 * @param upToDate whether it reaches to the end of what there is
 * @param closed whether, besides, nothing can follow
 */
record StreamPage(
        StreamView view,
        long from,
        long next,
        List<byte[]> messages,
        boolean upToDate,
        boolean closed) {

    /** No event is begun after so many bytes: what one answer may hold in memory. */
    private static final int BYTES_MAX = 1024 * 1024;

    /** Reads from a seq on, which is not beyond the stream's end. */
    static StreamPage read(StreamView view, long from, History history)
            throws InterruptedException {
        StreamStretch stretch = new StreamStretch(view, from);
        long bytes = 0;
        while (stretch.next() < view.end() && bytes < BYTES_MAX) {
            for (Event event : history.page(view.run(), stretch.next(), view.end())) {
                stretch.add(event);
                bytes += event.data().length;
                if (bytes >= BYTES_MAX) {
                    break;
                }
            }
        }
        boolean upToDate = stretch.next() >= view.end();
        return new StreamPage(
                view,
                from,
                stretch.next(),
                stretch.messages(),
                upToDate,
                upToDate && view.isClosed());
    }

    /** What comes next, from where a subscription begins; empty where nothing comes in time. */
    static StreamPage await(
            StreamView view, long from, Subscription subscription, Duration patience)
            throws InterruptedException {
        StreamStretch stretch = new StreamStretch(view, from);
        long deadline = System.nanoTime() + patience.toNanos();
        for (long left = patience.toNanos();
                left > 0 && stretch.messages().isEmpty() && !subscription.isOver();
                left = deadline - System.nanoTime()) {
            switch (subscription.next(Duration.ofNanos(left))) {
                case Delivery.Frames(List<Frame> frames) -> stretch.add(frames);
                case Delivery.Signal signal -> {
                    if (signal == Delivery.Signal.CLOSING) {
                        throw new OutrunException(ErrorCode.UNAVAILABLE, "the server is closing");
                    }
                }
            }
        }
        return new StreamPage(
                view,
                from,
                stretch.next(),
                stretch.messages(),
                subscription.isCaughtUp(),
                subscription.isOver());
    }

    byte[] body() {
        return view.type().join(messages);
    }

    /** Differs wherever the answer does: what is between two places never changes. */
    String entityTag() {
        String places = view.run().id() + ":" + from + ':' + next;
        return '"' + places + (closed ? ":c" : "") + '"';
    }
}
