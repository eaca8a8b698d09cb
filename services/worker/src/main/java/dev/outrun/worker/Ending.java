package dev.outrun.worker;

import dev.outrun.ledger.Ledger;
import dev.outrun.schema.error.OutrunException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says in the ledger how an attempt has ended. */
final class Ending {

    private static final Logger log = LoggerFactory.getLogger(Ending.class);

    private final Attempt.Key key;
    private final Ledger ledger;
    private final UntilAnswered untilAnswered;

    Ending(Attempt.Key key, Ledger ledger, UntilAnswered untilAnswered) {
        this.key = key;
        this.ledger = ledger;
        this.untilAnswered = untilAnswered;
    }

    /** Until it is answered. An output that the ledger refuses is a failed attempt. */
    void say(Outcome how) throws InterruptedException {
        try {
            switch (how) {
                case Outcome.Completed(String output) ->
                        untilAnswered.ask(
                                key, () -> ledger.complete(key.run(), key.number(), output));
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
    static boolean isNotOurs(OutrunException refusal) {
        return switch (refusal.code()) {
            case STALE_ATTEMPT, RUN_CLOSED, UNKNOWN_RUN -> true;
            default -> false;
        };
    }
}
