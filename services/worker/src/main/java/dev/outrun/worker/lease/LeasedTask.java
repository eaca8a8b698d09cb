package dev.outrun.worker.lease;

import dev.outrun.ledger.Claim;
import dev.outrun.ledger.Ledger;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.PlatformEvent;
import dev.outrun.schema.run.RunId;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A claimed attempt that somebody far away makes.
 *
 * @param claim what to run
 */
public record LeasedTask(RunId run, int attempt, Claim claim) {

    private static final Logger log = LoggerFactory.getLogger(LeasedTask.class);

    private static final String UNHEARD =
            "{\"code\":\""
                    + PlatformEvent.AttemptFailed.WORKER_STOPPED
                    + "\",\"message\":\"the worker has not heard of it\"}";

    /** Ends the attempt, as nobody makes it: the next one follows at once. */
    void handBack(Ledger ledger) {
        try {
            ledger.fail(run, attempt, UNHEARD, true);
        } catch (OutrunException e) {
            // It is lost for its silence, then.
            log.info("attempt not handed back run={} attempt={} code={}", run, attempt, e.code());
        }
    }
}
