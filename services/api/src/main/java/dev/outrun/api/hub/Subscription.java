package dev.outrun.api.hub;

import dev.outrun.ledger.Run;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reader of one run's log, from a seq on to the end: history first, then what comes live, each
 * event once and in order. For one thread, which blocks in {@link #next}.
 *
 * <p>Two numbers say where it is: {@code wanted}, the next seq to deliver, and {@code known}, up to
 * which the log is known to be committed. While {@code wanted < known} it reads history; else it
 * takes from its inbox. Whatever goes wrong there (a queue that was full, a tail that lost its
 * place, a live event that never came) only moves {@code known} on.
 */
public final class Subscription implements Deliveries {

    private static final Logger LOG = LoggerFactory.getLogger(Subscription.class);

    private final Hub hub;
    private final LogPlace log;
    private final Inbox inbox;
    private final @Nullable Watch watch;
    private long wanted;
    private long known;
    private boolean complete;
    private boolean left;

    /** A null watch: the log is complete and only read. */
    Subscription(Hub hub, Run run, long from, Inbox inbox, @Nullable Watch watch) {
        this.hub = hub;
        this.log = LogPlace.of(run);
        this.inbox = inbox;
        this.watch = watch;
        this.wanted = from;
        this.known = run.nextSeq();
        this.complete = watch == null;
    }

    /**
     * What comes next; waits for it at most as long as {@code patience}. Throws {@code unavailable}
     * where history can be read nowhere: the subscription is then of no use any more.
     */
    @Override
    public Delivery next(Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (!inbox.isClosed()) {
            if (wanted < known) {
                return replay();
            }
            if (complete || watch == null) {
                return Delivery.Signal.END;
            }
            long left = deadline - System.nanoTime();
            long idleCheck = hub.config().idleCheck().toNanos();
            switch (inbox.take(Math.min(left, idleCheck))) {
                case Inbox.Taken.Live(List<Frame> frames) -> {
                    List<Frame> fresh = fresh(frames);
                    if (!fresh.isEmpty()) {
                        return new Delivery.Frames(fresh);
                    }
                }
                case Inbox.Taken.Signal signal -> {
                    switch (signal) {
                        case REJOIN -> see(watch.head(System.nanoTime()));
                        case NOTHING -> {
                            checkIdle(watch, idleCheck);
                            if (wanted >= known && !complete && left <= idleCheck) {
                                return Delivery.Signal.QUIET;
                            }
                        }
                        case CLOSED -> {
                            // the loop ends
                        }
                    }
                }
            }
        }
        return Delivery.Signal.CLOSING;
    }

    /** Whether all of the log that is known to be there has been delivered. */
    public boolean isCaughtUp() {
        return wanted >= known;
    }

    /** Whether, besides, nothing can follow. */
    public boolean isOver() {
        return complete && isCaughtUp();
    }

    /** Leaves; from any thread that is done with {@link #next}. */
    @Override
    public void close() {
        if (!left) {
            left = true;
            hub.leave(this);
        }
    }

    Inbox inbox() {
        return inbox;
    }

    @Nullable Watch watch() {
        return watch;
    }

    private Delivery replay() throws InterruptedException {
        List<Event> events = hub.history().page(log, wanted, known);
        List<Frame> frames = new ArrayList<>(events.size());
        for (Event event : events) {
            frames.add(Frame.of(event));
        }
        passed(frames.getLast());
        return new Delivery.Frames(frames);
    }

    /** The frames that follow on what was delivered; the rest is passed, or behind a hole. */
    private List<Frame> fresh(List<Frame> frames) {
        List<Frame> fresh = new ArrayList<>(frames.size());
        for (Frame frame : frames) {
            if (frame.seq() == wanted) {
                fresh.add(frame);
                passed(frame);
            } else if (frame.seq() > wanted) {
                // A live event is missing. All up to here is committed: read it.
                known = Math.max(known, frame.seq() + 1);
            } else if (frame.last()) {
                complete = true; // the reader began beyond the end
            }
        }
        return fresh;
    }

    private void passed(Frame frame) {
        wanted = frame.seq() + 1;
        known = Math.max(known, wanted);
        complete |= frame.last();
    }

    private void see(Watch.Head head) {
        known = Math.max(known, head.nextSeq());
        complete |= head.complete();
    }

    /** A guard against a live event that got lost without anybody noticing. */
    private void checkIdle(Watch followed, long idleCheck) {
        try {
            see(followed.head(System.nanoTime() - idleCheck));
        } catch (OutrunException e) {
            // Postgres is away; live events may come all the same.
            LOG.debug("event=idle_check_failed run={} code={}", log.run(), e.code().code());
        }
    }
}
