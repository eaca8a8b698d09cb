package dev.outrun.api.hub;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One event as a server-sent event: {@code id} the seq, {@code event} the type, {@code data} the
 * envelope. Shared by every subscriber of the run.
 *
 * <p>An envelope on one line is one {@code data} field. Line feeds in it (JSON allows them between
 * tokens) become further {@code data} fields, which a client joins with line feeds again, so what
 * it gets is byte for byte the envelope. A carriage return cannot travel in an event stream: with
 * or without a line feed after it, it arrives as one line feed.
 *
 * @param seq -1 where it is not an event of a run's
 * @param type the event's; empty where it is of several
 * @param last whether nothing follows in the run's log
 * @param bytes UTF-8, ends with an empty line; nobody changes the array
 * @param event what it is of; null where it is not an event of a run's
 */
@SuppressWarnings("ArrayRecordComponent") // shared bytes; nobody compares frames
public record Frame(long seq, String type, boolean last, byte[] bytes, @Nullable Event event) {

    private static final byte[] ID = {'i', 'd', ':', ' '};
    private static final byte[] DATA = {'d', 'a', 't', 'a', ':', ' '};

    /** The event's frame. */
    public static Frame of(Event event) {
        byte[] head =
                ("id: " + event.seq() + "\nevent: " + event.type() + '\n')
                        .getBytes(StandardCharsets.US_ASCII);
        byte[] envelope = event.envelope();
        byte[] bytes = isOneLine(envelope) ? oneLine(head, envelope) : lines(head, envelope);
        return new Frame(
                event.seq(), event.type(), EventTypes.isTerminal(event.type()), bytes, event);
    }

    /**
     * JSON on one line as an event of a stream that cannot be resumed at a place: without an id.
     */
    public static Frame unnumbered(String type, byte[] json) {
        byte[] head = ("event: " + type + '\n').getBytes(StandardCharsets.US_ASCII);
        return new Frame(-1, type, false, oneLine(head, json), null);
    }

    /** Events of a stream that cannot be resumed at an id, as they are written. */
    public static Frame unnumbered(byte[] bytes) {
        return new Frame(-1, "", false, bytes, null);
    }

    /** The same event under another id, in a stream that has another one. */
    Frame withId(byte[] id) {
        int rest = ID.length;
        while (bytes[rest] != '\n') {
            rest++;
        }
        byte[] renamed = new byte[ID.length + id.length + bytes.length - rest];
        System.arraycopy(ID, 0, renamed, 0, ID.length);
        System.arraycopy(id, 0, renamed, ID.length, id.length);
        System.arraycopy(bytes, rest, renamed, ID.length + id.length, bytes.length - rest);
        return new Frame(seq, type, last, renamed, event);
    }

    /** What it holds in memory while it waits. */
    int size() {
        return bytes.length + (event == null ? 0 : event.data().length);
    }

    private static boolean isOneLine(byte[] envelope) {
        for (byte b : envelope) {
            if (b == '\n' || b == '\r') {
                return false;
            }
        }
        return true;
    }

    private static byte[] oneLine(byte[] head, byte[] envelope) {
        byte[] frame = new byte[head.length + DATA.length + envelope.length + 2];
        System.arraycopy(head, 0, frame, 0, head.length);
        System.arraycopy(DATA, 0, frame, head.length, DATA.length);
        System.arraycopy(envelope, 0, frame, head.length + DATA.length, envelope.length);
        frame[frame.length - 2] = '\n';
        frame[frame.length - 1] = '\n';
        return frame;
    }

    private static byte[] lines(byte[] head, byte[] envelope) {
        ByteArrayOutputStream frame = new ByteArrayOutputStream(head.length + envelope.length * 2);
        frame.writeBytes(head);
        int from = 0;
        for (int at = 0; at < envelope.length; at++) {
            if (envelope[at] == '\n' || envelope[at] == '\r') {
                line(frame, envelope, from, at);
                boolean pair =
                        envelope[at] == '\r'
                                && at + 1 < envelope.length
                                && envelope[at + 1] == '\n';
                at += pair ? 1 : 0;
                from = at + 1;
            }
        }
        line(frame, envelope, from, envelope.length);
        frame.write('\n');
        return frame.toByteArray();
    }

    private static void line(ByteArrayOutputStream frame, byte[] envelope, int from, int to) {
        frame.writeBytes(DATA);
        frame.write(envelope, from, to - from);
        frame.write('\n');
    }
}
