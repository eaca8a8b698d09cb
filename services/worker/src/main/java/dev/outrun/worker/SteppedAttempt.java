package dev.outrun.worker;

import dev.outrun.ledger.Claim;
import dev.outrun.ledger.Ledger;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.work.Task;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * One attempt made on its caller's thread, for a harness that steps a worker: the handler sees and
 * says what it would in a {@link Worker}, and all it emits between two flushes is appended
 * together.
 */
public final class SteppedAttempt {

    /** The ledger is here and answers, or will not: nobody waits for it. */
    private static final Duration NO_WAIT = Duration.ofMillis(1);

    private final Attempt.Key key;
    private final Claim claim;
    private final RunHandler handler;
    private final Ledger ledger;
    private final InstantSource clock;
    private final Runnable beforeEach;
    private final Ending ending;
    private final Sink sink = new Sink();
    private @Nullable Stop stop;
    private boolean dead;

    private SteppedAttempt(
            Attempt.Key key,
            Claim claim,
            RunHandler handler,
            Ledger ledger,
            InstantSource clock,
            Runnable beforeEach) {
        this.key = key;
        this.claim = claim;
        this.handler = handler;
        this.ledger = ledger;
        this.clock = clock;
        this.beforeEach = beforeEach;
        this.ending = new Ending(key, ledger, new UntilAnswered(NO_WAIT, new CountDownLatch(0)));
    }

    /**
     * Claims an attempt; empty where the ledger does not grant it.
     *
     * @param clock tells the handler's sleeps from when on
     * @param beforeEach event; what it throws is thrown at the handler
     */
    public static Optional<SteppedAttempt> claim(
            Task task,
            String claimant,
            RunHandler handler,
            Ledger ledger,
            InstantSource clock,
            Runnable beforeEach) {
        Attempt.Key key = new Attempt.Key(RunId.parse(task.run()), task.attempt());
        return ledger.claim(key.run(), key.number(), claimant)
                .map(claim -> new SteppedAttempt(key, claim, handler, ledger, clock, beforeEach));
    }

    /** Its run. */
    public RunId run() {
        return key.run();
    }

    /** Which one it is, from 1. */
    public int number() {
        return key.number();
    }

    /** As when its run is cancelled: the handler is not called, or may write nothing more. */
    public void cancel() {
        if (stop == null) {
            stop = Stop.CANCELLED;
            sink.stop(new RunStoppedException(Stop.CANCELLED.message(), null));
        }
    }

    /** As when its worker dies: nothing more is written, nor said of how it ends. */
    public void die() {
        dead = true;
        sink.stop(new RunStoppedException("the worker has died", null));
    }

    /** Runs the handler to its end, appends what it emits and ends the attempt. */
    public void make() throws InterruptedException {
        if (dead) {
            return;
        }
        Outcome reached = handle();
        if (dead) {
            return;
        }
        OutrunException refusal = sink.refusal();
        if (refusal == null) {
            ending.say(reached, sink.rest());
        } else {
            ending.refused(refusal);
        }
    }

    private Outcome handle() {
        if (stop != null) {
            return stop.outcome();
        }
        AttemptContext context = new AttemptContext(key, claim, ledger, sink, ending, clock);
        try {
            Outcome reached = Outcome.returned(handler.run(context, new Input(claim.input())));
            return context.isSuspended() ? Outcome.SUSPENDED : reached;
        } catch (Throwable thrown) {
            // Errors too, as in a worker.
            if (context.isSuspended()) {
                return Outcome.SUSPENDED;
            }
            return stop == null ? Outcome.thrown(thrown) : stop.outcome();
        }
    }

    /** Appends what was added when it is asked to, or there is a batch of it. */
    private final class Sink implements EventSink {

        private final StringBuilder events = new StringBuilder();
        private int count;
        private long bytes;
        private @Nullable RunStoppedException stopped;
        private @Nullable OutrunException refusal;

        @Override
        public synchronized void add(String json, int dataBytes) {
            check();
            beforeEach.run();
            events.append(count == 0 ? "[" : ",").append(json);
            count++;
            bytes += dataBytes;
            if (count == EventBuffer.BATCH_EVENTS || bytes >= EventBuffer.BATCH_BYTES) {
                flush();
            }
        }

        @Override
        public synchronized void flush() {
            check();
            append();
            check();
        }

        @Override
        public synchronized RunStoppedException whyInterrupted(InterruptedException e) {
            return stopped == null ? new RunStoppedException("interrupted", e) : stopped;
        }

        @Override
        public synchronized void stop(RunStoppedException why) {
            if (stopped == null) {
                stopped = why;
            }
        }

        /** What the ledger refused, if it did. */
        synchronized @Nullable OutrunException refusal() {
            return refusal;
        }

        /** What is not appended; null where there is nothing. */
        synchronized @Nullable String rest() {
            if (count == 0) {
                return null;
            }
            String batch = events.append(']').toString();
            events.setLength(0);
            count = 0;
            bytes = 0;
            return batch;
        }

        private void append() {
            String batch = rest();
            if (batch == null) {
                return;
            }
            try {
                ledger.append(key.run(), key.number(), batch);
            } catch (OutrunException e) {
                refusal = e;
                stop(new RunStoppedException(String.valueOf(e.getMessage()), e));
            }
        }

        private void check() {
            if (stopped != null) {
                throw new RunStoppedException(
                        String.valueOf(stopped.getMessage()), stopped.getCause());
            }
        }
    }
}
