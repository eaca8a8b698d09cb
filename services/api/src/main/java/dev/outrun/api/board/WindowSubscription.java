package dev.outrun.api.board;

import dev.outrun.api.hub.Deliveries;
import dev.outrun.api.hub.Delivery;
import dev.outrun.api.hub.Frame;
import java.time.Duration;
import java.util.List;

/**
 * One follower of windows: first all there are, then those that have changed, each as it is then.
 * It never ends by itself. For one thread, which blocks in {@link #next}.
 */
public final class WindowSubscription implements Deliveries {

    static final String EVENT = "window";

    /** Shards say their windows once a second, each at another moment of it. */
    private static final Duration PACE = Duration.ofSeconds(1);

    private final Board board;
    private final WindowQuery query;
    private final Runnable leave;
    private long seen;
    private long deliveredAt;
    private boolean left;

    WindowSubscription(Board board, WindowQuery query, Runnable leave) {
        this.board = board;
        this.query = query;
        this.leave = leave;
    }

    @Override
    public Delivery next(Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (!board.isClosed()) {
            long left = deadline - System.nanoTime();
            if (!board.awaitChangeAfter(seen, Duration.ofNanos(Math.max(0, left)))) {
                return board.isClosed() ? Delivery.Signal.CLOSING : Delivery.Signal.QUIET;
            }
            if (seen > 0) {
                long pause = deliveredAt + PACE.toNanos() - System.nanoTime();
                board.awaitClosed(Duration.ofNanos(Math.max(0, pause)));
            }
            long upTo = board.lastChange();
            List<Frame> frames =
                    board.changedAfter(seen, query).stream()
                            .map(window -> Frame.unnumbered(EVENT, window.json()))
                            .toList();
            seen = upTo;
            deliveredAt = System.nanoTime();
            if (!frames.isEmpty()) {
                return new Delivery.Frames(frames);
            }
        }
        return Delivery.Signal.CLOSING;
    }

    /** Leaves; from any thread that is done with {@link #next}. */
    @Override
    public void close() {
        if (!left) {
            left = true;
            leave.run();
        }
    }
}
