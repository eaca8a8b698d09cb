package dev.outrun.api;

import dev.outrun.api.hub.Deliveries;
import dev.outrun.api.hub.Delivery;
import dev.outrun.api.hub.Frame;
import io.micrometer.core.instrument.Counter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/** One client's event stream: what goes over the wire, and how long it takes. */
final class EventStream {

    /** Come back after a second; sent at once, so that the client knows it is connected. */
    private static final byte[] HELLO = ascii("retry: 1000\n\n");

    private static final byte[] KEEP_ALIVE = ascii(": keep-alive\n\n");
    private static final byte[] CLOSING = ascii(": the server is closing\n\n");

    /** Frames that wait together are written together, up to about so many bytes. */
    private static final int WRITE_BYTES = 32 * 1024;

    private final Thread thread = Thread.currentThread();
    private final Deliveries deliveries;
    private final OutputStream out;
    private final Counter written;
    private boolean writing;
    private long writingSince;

    /**
     * Made on the thread that will {@link #run} it.
     *
     * @param written counts events
     */
    EventStream(Deliveries deliveries, OutputStream out, Counter written) {
        this.deliveries = deliveries;
        this.out = out;
        this.written = written;
    }

    /** Delivers until the run ends, the hub closes or the client is gone. */
    void run(Duration keepAlive) throws IOException, InterruptedException {
        write(HELLO);
        while (true) {
            switch (deliveries.next(keepAlive)) {
                case Delivery.Frames(List<Frame> frames) -> {
                    writeFrames(frames);
                    written.increment(frames.size());
                }
                case Delivery.Signal signal -> {
                    switch (signal) {
                        case QUIET -> write(KEEP_ALIVE);
                        case END -> {
                            return;
                        }
                        case CLOSING -> {
                            write(CLOSING);
                            return;
                        }
                    }
                }
            }
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

    private void writeFrames(List<Frame> frames) throws IOException {
        if (frames.size() == 1) {
            write(frames.getFirst().bytes());
            return;
        }
        ByteArrayOutputStream together = new ByteArrayOutputStream(WRITE_BYTES);
        for (Frame frame : frames) {
            if (together.size() > 0 && together.size() + frame.bytes().length > WRITE_BYTES) {
                write(together.toByteArray());
                together.reset();
            }
            together.writeBytes(frame.bytes());
        }
        write(together.toByteArray());
    }

    private void write(byte[] bytes) throws IOException {
        begin();
        try {
            out.write(bytes);
            out.flush();
        } finally {
            end();
        }
    }

    private synchronized void begin() {
        writing = true;
        writingSince = System.nanoTime();
    }

    private synchronized void end() {
        writing = false;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
