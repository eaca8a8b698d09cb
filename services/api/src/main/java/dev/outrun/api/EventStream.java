package dev.outrun.api;

import dev.outrun.api.hub.Deliveries;
import dev.outrun.api.hub.Delivery;
import dev.outrun.api.hub.Frame;
import dev.outrun.schema.error.OutrunException;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.socket.SocketWriterException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's event stream: what goes over the wire, and how long it takes. Each write is a chunk
 * of the answer.
 */
final class EventStream {

    /** Come back after a second; sent at once, so that the client knows it is connected. */
    static final byte[] HELLO = ascii("retry: 1000\n\n");

    private static final byte[] KEEP_ALIVE = ascii(": keep-alive\n\n");
    private static final byte[] CLOSING = ascii(": the server is closing\n\n");
    private static final byte[] LAST_CHUNK = ascii("0\r\n\r\n");

    /** Frames that wait together are written together, up to about so many bytes. */
    private static final int WRITE_BYTES = 32 * 1024;

    private static final Logger LOG = LoggerFactory.getLogger(EventStream.class);

    private final Thread thread = Thread.currentThread();
    private final Deliveries deliveries;
    private final EventStreams streams;
    private Runnable afterwards = () -> {};
    private boolean writing;
    private long writingSince;

    /** Made on the thread that will {@link #run} it. */
    EventStream(Deliveries deliveries, EventStreams streams) {
        this.deliveries = deliveries;
        this.streams = streams;
    }

    /** Has this done when it has ended. */
    void afterwards(Runnable done) {
        afterwards = done;
    }

    /** Delivers until the run ends, the hub closes or the client is gone. */
    void run(DataWriter connection) throws InterruptedException {
        try {
            deliver(connection);
            connection.writeNow(BufferData.create(LAST_CHUNK));
        } catch (SocketWriterException | UncheckedIOException e) {
            LOG.debug("event=stream_client_gone", e);
        } catch (OutrunException e) {
            LOG.warn("event=stream_cut code={} reason={}", e.code().code(), e.getMessage());
        } finally {
            end();
        }
    }

    /** It is over: leaves the hub, and those who count it. */
    void end() {
        try {
            deliveries.close();
        } finally {
            streams.leave(this);
            afterwards.run();
        }
    }

    /** Interrupts the stream's thread if it is in one write for longer than this. */
    synchronized boolean cutIfStalled(long nanosMax) {
        boolean stalled = writing && System.nanoTime() - writingSince > nanosMax;
        if (stalled) {
            thread.interrupt();
        }
        return stalled;
    }

    private void deliver(DataWriter connection) throws InterruptedException {
        while (true) {
            switch (deliveries.next(streams.keepAlive())) {
                case Delivery.Frames(List<Frame> frames) -> {
                    write(connection, frames);
                    streams.wrote(frames.size());
                }
                case Delivery.Signal signal -> {
                    switch (signal) {
                        case QUIET -> write(connection, KEEP_ALIVE);
                        case END -> {
                            return;
                        }
                        case CLOSING -> {
                            write(connection, CLOSING);
                            return;
                        }
                    }
                }
            }
        }
    }

    private void write(DataWriter connection, List<Frame> frames) {
        int from = 0;
        int bytes = 0;
        for (int to = 0; to < frames.size(); to++) {
            int next = frames.get(to).bytes().length;
            if (bytes > 0 && bytes + next > WRITE_BYTES) {
                write(connection, together(frames.subList(from, to), bytes));
                from = to;
                bytes = 0;
            }
            bytes += next;
        }
        write(connection, together(frames.subList(from, frames.size()), bytes));
    }

    private static byte[] together(List<Frame> frames, int bytes) {
        if (frames.size() == 1) {
            return frames.getFirst().bytes();
        }
        byte[] together = new byte[bytes];
        int at = 0;
        for (Frame frame : frames) {
            System.arraycopy(frame.bytes(), 0, together, at, frame.bytes().length);
            at += frame.bytes().length;
        }
        return together;
    }

    private void write(DataWriter connection, byte[] bytes) {
        begin();
        try {
            connection.writeNow(BufferData.create(chunk(bytes)));
        } finally {
            done();
        }
    }

    /** Its length in hexadecimal digits, and it, each with an end of line. */
    private static byte[] chunk(byte[] bytes) {
        byte[] head = ascii(Integer.toHexString(bytes.length) + "\r\n");
        byte[] chunk = new byte[head.length + bytes.length + 2];
        System.arraycopy(head, 0, chunk, 0, head.length);
        System.arraycopy(bytes, 0, chunk, head.length, bytes.length);
        chunk[chunk.length - 2] = '\r';
        chunk[chunk.length - 1] = '\n';
        return chunk;
    }

    private synchronized void begin() {
        writing = true;
        writingSince = System.nanoTime();
    }

    private synchronized void done() {
        writing = false;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
