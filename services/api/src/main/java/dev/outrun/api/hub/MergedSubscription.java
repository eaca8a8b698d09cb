package dev.outrun.api.hub;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * One reader of several runs' logs: of each run each event once and in order, between runs as they
 * come. A frame's id says how far the reader is in all of them. For one thread, which blocks in
 * {@link #next}.
 */
public final class MergedSubscription implements Deliveries {

    private final List<Subscription> runs;
    private final List<Long> positions;
    private final boolean[] ended;
    private final Bell bell;
    private final long idleCheckNanos;
    private int turn;

    /**
     * Of these, which ring the bell.
     *
     * @param from the next seq of each
     */
    MergedSubscription(List<Subscription> runs, List<Long> from, Bell bell, Duration idleCheck) {
        this.runs = runs;
        this.positions = new ArrayList<>(from);
        this.ended = new boolean[runs.size()];
        this.bell = bell;
        this.idleCheckNanos = idleCheck.toNanos();
    }

    /** What comes next; it ends when all runs have ended, and all of them is delivered. */
    @Override
    public Delivery next(Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            Delivery delivery = look();
            long left = deadline - System.nanoTime();
            if (delivery != Delivery.Signal.QUIET || left <= 0) {
                return delivery;
            }
            // Also without a ring: each run's own check for lost events is made by a look.
            bell.await(Math.min(left, idleCheckNanos));
        }
    }

    /** Asks each run once, beginning behind the one that had something last. */
    private Delivery look() throws InterruptedException {
        Delivery found = Delivery.Signal.END;
        for (int asked = 0; asked < runs.size(); asked++) {
            int run = (turn + asked) % runs.size();
            if (!ended[run]) {
                switch (runs.get(run).next(Duration.ZERO)) {
                    case Delivery.Frames(List<Frame> frames) -> {
                        turn = run + 1;
                        return new Delivery.Frames(numbered(run, frames));
                    }
                    case Delivery.Signal signal -> {
                        switch (signal) {
                            case QUIET -> found = Delivery.Signal.QUIET;
                            case END -> ended[run] = true;
                            case CLOSING -> {
                                return Delivery.Signal.CLOSING;
                            }
                        }
                    }
                }
            }
        }
        return found;
    }

    private List<Frame> numbered(int run, List<Frame> frames) {
        List<Frame> numbered = new ArrayList<>(frames.size());
        for (Frame frame : frames) {
            positions.set(run, frame.seq() + 1);
            numbered.add(frame.withId(id()));
        }
        return numbered;
    }

    private byte[] id() {
        return positions.stream()
                .map(String::valueOf)
                .collect(Collectors.joining(","))
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** Leaves; from any thread that is done with {@link #next}. */
    @Override
    public void close() {
        runs.forEach(Subscription::close);
    }
}
