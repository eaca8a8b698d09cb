package dev.outrun.worker;

import dev.outrun.ledger.AttemptLedger;
import dev.outrun.ledger.Claim;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One attempt that this worker makes. Two virtual threads: the handler's, which may be interrupted,
 * and the keeper's, which talks to the ledger and never is, since an interrupt would close the
 * connection and leave open whether a statement was committed.
 */
final class Attempt {

    /** Which one it is. */
    record Key(RunId run, int number) {

        @Override
        public String toString() {
            return "run=" + run + " attempt=" + number;
        }
    }

    private static final Logger log = LoggerFactory.getLogger(Attempt.class);

    private final Key key;
    private final String claimant;
    private final RunHandler handler;
    private final AttemptLedger ledger;
    private final Ending ending;
    private final EventBuffer buffer;
    private final AtomicReference<@Nullable Stop> stop = new AtomicReference<>();
    private final AtomicReference<@Nullable Outcome> outcome = new AtomicReference<>();
    private final AtomicReference<@Nullable Thread> handlerThread = new AtomicReference<>();
    private final CountDownLatch handlerGone = new CountDownLatch(1);

    Attempt(
            Key key,
            WorkerConfig config,
            RunHandler handler,
            AttemptLedger ledger,
            UntilAnswered untilAnswered) {
        this.key = key;
        this.claimant = config.claimant();
        this.handler = handler;
        this.ledger = ledger;
        this.ending = new Ending(key, ledger, untilAnswered);
        this.buffer = new EventBuffer(config.emitDelay());
    }

    /** Claims the attempt; to the same claimant the ledger says yes again. */
    Optional<Claim> claim() {
        return ledger.claim(key.run(), key.number(), claimant);
    }

    /** Interrupts the handler, and lets it write nothing more. The first reason counts. */
    void stop(Stop why) {
        if (stop.compareAndSet(null, why)) {
            buffer.stop(new RunStoppedException(why.message(), null));
            interruptHandler();
        }
    }

    /** Goes on without the handler, which does not listen: the keeper ends the attempt. */
    void abandon() {
        outcome.compareAndSet(null, Stop.WORKER_STOPPED.outcome());
        buffer.end();
        handlerGone.countDown();
    }

    /**
     * Runs the handler, appends what it emits and ends the attempt; for the keeper's thread.
     * Returns when the handler's thread is free again.
     */
    void keep(Claim claim) throws InterruptedException {
        log.debug("attempt starts {} handler={}", key, claim.handler());
        startHandler(claim);
        try {
            append();
        } finally {
            // Whoever of the handler's threads still waits for the last events.
            buffer.stop(new RunStoppedException("the attempt has ended", null));
        }
        handlerGone.await();
    }

    private void startHandler(Claim claim) {
        AttemptContext context =
                new AttemptContext(key, claim, ledger, buffer, ending, InstantSource.system());
        Input input = new Input(claim.input());
        Thread thread =
                Thread.ofVirtual()
                        .name("handler-" + key.run() + "-" + key.number())
                        .unstarted(() -> handle(context, input));
        handlerThread.set(thread);
        thread.start();
        if (stop.get() != null) {
            thread.interrupt();
        }
    }

    private void handle(AttemptContext context, Input input) {
        try {
            Stop before = stop.get();
            Outcome reached =
                    before == null
                            ? Outcome.returned(handler.run(context, input))
                            : before.outcome();
            outcome.compareAndSet(null, context.isSuspended() ? Outcome.SUSPENDED : reached);
        } catch (Throwable thrown) {
            // Errors too: whatever a handler throws ends its attempt, and nothing else.
            outcome.compareAndSet(
                    null, context.isSuspended() ? Outcome.SUSPENDED : afterThrowing(thrown));
        } finally {
            buffer.end();
            handlerGone.countDown();
        }
    }

    private Outcome afterThrowing(Throwable thrown) {
        Stop why = stop.get();
        if (why != null) {
            return why.outcome();
        }
        log.debug("handler failed {}", key, thrown);
        return Outcome.thrown(thrown);
    }

    /** Appends batches until the handler has ended, and says how, with the last of them. */
    private void append() throws InterruptedException {
        EventBuffer.Batch batch = buffer.take();
        while (batch != null && !batch.isLast()) {
            try {
                ledger.append(key.run(), key.number(), batch.json());
                buffer.appended(batch);
            } catch (OutrunException e) {
                buffer.stop(new RunStoppedException(String.valueOf(e.getMessage()), e));
                interruptHandler();
                ending.refused(e);
                return;
            }
            batch = buffer.take();
        }
        // Set before the buffer ends, and the buffer has ended.
        Outcome reached = outcome.get();
        ending.say(
                reached == null ? Stop.WORKER_STOPPED.outcome() : reached,
                batch == null ? null : batch.json());
    }

    private void interruptHandler() {
        Thread thread = handlerThread.get();
        if (thread != null) {
            thread.interrupt();
        }
    }
}
