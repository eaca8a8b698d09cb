package dev.outrun.api;

import dev.outrun.api.hub.Deliveries;
import dev.outrun.api.hub.Delivery;
import dev.outrun.api.hub.Frame;
import dev.outrun.api.hub.Subscription;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;

/**
 * A run's events as the protocol's event stream: {@code data} with the messages there are, and
 * after each, or alone, {@code control} that says where that leaves the reader. It ends with the
 * stream, or after a minute, so that readers who came one by one may share what is cached.
 */
final class StreamFrames implements Deliveries {

    private static final long LASTS_NANOS = Duration.ofSeconds(60).toNanos();
    private static final byte[] DATA = ascii("event: data\n");
    private static final byte[] CONTROL = ascii("event: control\n");

    private final Subscription subscription;
    private final StreamView view;
    private final String cursor;
    private final long until = System.nanoTime() + LASTS_NANOS;
    private long next;
    private boolean greeted;
    private boolean over;

    /**
     * @param from where the subscription begins
     * @param cursor the answer's
     */
    StreamFrames(Subscription subscription, StreamView view, long from, String cursor) {
        this.subscription = subscription;
        this.view = view;
        this.next = from;
        this.cursor = cursor;
    }

    @Override
    public Delivery next(Duration patience) throws InterruptedException {
        boolean greets = !greeted;
        greeted = true;
        if (over) {
            return Delivery.Signal.END;
        } else if (greets && subscription.isCaughtUp()) {
            return frame(List.of());
        }
        StreamStretch stretch = new StreamStretch(view, next);
        // Events that are no messages are nobody's concern, unless they are the last for now.
        do {
            long left = until - System.nanoTime();
            if (left <= 0) {
                return Delivery.Signal.END;
            }
            switch (subscription.next(Duration.ofNanos(Math.min(left, patience.toNanos())))) {
                case Delivery.Frames(List<Frame> frames) -> stretch.add(frames);
                case Delivery.Signal signal -> {
                    if (signal != Delivery.Signal.END) {
                        return signal;
                    }
                }
            }
            next = stretch.next();
        } while (stretch.messages().isEmpty() && !subscription.isCaughtUp());
        return frame(stretch.messages());
    }

    @Override
    public void close() {
        subscription.close();
    }

    private Delivery frame(List<byte[]> messages) {
        over = subscription.isOver();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (!messages.isEmpty()) {
            byte[] body = view.type().join(messages);
            out.writeBytes(DATA);
            lines(out, view.type().isText() ? body : Base64.getEncoder().encode(body));
        }
        out.writeBytes(CONTROL);
        lines(out, control());
        return new Delivery.Frames(List.of(Frame.unnumbered(out.toByteArray())));
    }

    /** Neither an offset nor a cursor has a character that JSON would escape. */
    private byte[] control() {
        String control = "{\"streamNextOffset\":\"" + new StreamOffset(next).text() + '"';
        if (over) {
            control += ",\"streamClosed\":true";
        } else {
            control += ",\"streamCursor\":\"" + cursor + '"';
        }
        if (subscription.isCaughtUp()) {
            control += ",\"upToDate\":true";
        }
        return ascii(control + '}');
    }

    /** One field for each line; whatever ends a line arrives as a line feed. */
    private static void lines(ByteArrayOutputStream out, byte[] body) {
        int from = 0;
        for (int at = 0; at < body.length; at++) {
            if (body[at] == '\n' || body[at] == '\r') {
                line(out, body, from, at);
                at += body[at] == '\r' && at + 1 < body.length && body[at + 1] == '\n' ? 1 : 0;
                from = at + 1;
            }
        }
        line(out, body, from, body.length);
        out.write('\n');
    }

    private static void line(ByteArrayOutputStream out, byte[] body, int from, int to) {
        out.writeBytes(ascii("data:"));
        if (from < to && body[from] == ' ') {
            out.write(' '); // readers take one away
        }
        out.write(body, from, to - from);
        out.write('\n');
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
