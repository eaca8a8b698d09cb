package dev.outrun.worker;

import dev.outrun.ledger.AttemptLedger;
import dev.outrun.ledger.Wake;
import dev.outrun.schema.error.OutrunException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says in the ledger how an attempt has ended. */
final class Ending {

    private static final Logger log = LoggerFactory.getLogger(Ending.class);

    private final Attempt.Key key;
    private final AttemptLedger ledger;
    private final UntilAnswered untilAnswered;

    Ending(Attempt.Key key, AttemptLedger ledger, UntilAnswered untilAnswered) {
        this.key = key;
        this.ledger = ledger;
        this.untilAnswered = untilAnswered;
    }

    /**
     * Says it, and the events before it that are not appended yet, until it is answered. Where the
     * ledger refuses those, or an output, the attempt has failed.
     *
     * @param last events as {@link AttemptLedger#append} takes them; null is none
     */
    void say(Outcome how, @Nullable String last) throws InterruptedException {
        if (last == null) {
            say(how);
        } else if (!(how instanceof Outcome.Completed(String output)) || !completed(output, last)) {
            try {
                ledger.append(key.run(), key.number(), last);
            } catch (OutrunException refusal) {
                refused(refusal);
                return;
            }
            say(how);
        }
    }

    /**
     * Says that the attempt gives its worker back; false where the log has another next seq than
     * this by now.
     *
     * @throws RunStoppedException if the worker stops before it is answered
     */
    boolean suspended(Wake wake, @Nullable Long nextSeq) throws InterruptedException {
        return untilAnswered
                .ask(key, () -> ledger.suspend(key.run(), key.number(), wake, nextSeq))
                .orElseThrow(() -> new RunStoppedException("the worker has stopped", null));
    }

    /** Says that events were not appended, which ends the attempt. */
    void refused(OutrunException refusal) throws InterruptedException {
        if (isNotOurs(refusal)) {
            log.info("attempt is not ours any more {} code={}", key, refusal.code());
        } else {
            // Not tried again: whether the events were committed is not known, and the next
            // attempt finds out from the history.
            log.warn("events not appended {} code={}", key, refusal.code());
            say(Outcome.refused(refusal));
        }
    }

    /** In one transaction; false if one of the two is refused: said apart, it shows which. */
    private boolean completed(String output, String last) throws InterruptedException {
        try {
            untilAnswered.ask(key, () -> ledger.complete(key.run(), key.number(), output, last));
            return true;
        } catch (OutrunException refusal) {
            if (isNotOurs(refusal)) {
                refused(refusal);
                return true;
            }
            return false;
        }
    }

    private void say(Outcome how) throws InterruptedException {
        try {
            switch (how) {
                case Outcome.Completed(String output) ->
                        untilAnswered.ask(
                                key, () -> ledger.complete(key.run(), key.number(), output));
                case Outcome.Suspended _ -> {} // by the handler's own call
                case Outcome.Failed failed -> {
                    log.info("attempt failed {} code={}", key, failed.code());
                    untilAnswered.ask(key, () -> fail(failed));
                }
            }
        } catch (OutrunException refusal) {
            if (isNotOurs(refusal)) {
                log.info("attempt is not ours any more {} code={}", key, refusal.code());
            } else if (how instanceof Outcome.Completed) {
                say(Outcome.refused(refusal));
            } else {
                log.error("failure refused {} code={}", key, refusal.code(), refusal);
            }
        }
    }

    private Object fail(Outcome.Failed failed) {
        return ledger.fail(key.run(), key.number(), failed.error(), failed.retryable());
    }

    /** Whether what the ledger refused is refused because somebody else ended the attempt. */
    private static boolean isNotOurs(OutrunException refusal) {
        return switch (refusal.code()) {
            case STALE_ATTEMPT, RUN_CLOSED, UNKNOWN_RUN -> true;
            default -> false;
        };
    }
}
