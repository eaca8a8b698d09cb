package dev.outrun.ledger;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What of the {@link Ledger} those need who make attempts. Methods are called and fail as the
 * ledger's do.
 */
public interface AttemptLedger {

    /**
     * Says that workers offer these handlers, so that runs of them may start. Idempotent. Throws
     * {@code invalid_request} for {@link StreamEvents#HANDLER}, which is nobody's to offer.
     */
    void registerHandlers(Collection<String> handlers);

    /**
     * Starts a run and returns its id: that of {@code start}, or of the run its tenant started
     * before with the same idempotency key, or with its de-duplication key. Throws {@code
     * unknown_handler}, {@code payload_too_large}, {@code run_id_taken}, {@code invalid_request}.
     */
    RunId start(StartRun start);

    /**
     * Appends events, {@code [{"type": ..., "data": ...}, ...]}, and returns the seq of the first.
     * A null attempt writes from outside of any attempt. Throws {@code unknown_run}, {@code
     * run_closed}, {@code stale_attempt}, {@code invalid_events}, {@code payload_too_large}.
     */
    long append(RunId run, @Nullable Integer attempt, String events);

    /**
     * Makes this attempt the live one; empty when it is not the next attempt of a waiting run. The
     * worker that has it may say it again, and gets the same answer while the attempt is live.
     */
    Optional<Claim> claim(RunId run, int attempt, String worker);

    /**
     * Ends the run with its output and returns the seq of {@code run.completed}. Saying it twice is
     * harmless. Throws {@code unknown_run}, {@code run_closed}, {@code stale_attempt}, {@code
     * invalid_events}, {@code payload_too_large}.
     *
     * @param events the attempt's last, which are appended with it, as {@link #append} takes them;
     *     null is none
     */
    long complete(RunId run, int attempt, String output, @Nullable String events);

    /** The same, without events. */
    default long complete(RunId run, int attempt, String output) {
        return complete(run, attempt, output, null);
    }

    /**
     * Ends the live attempt with an error and returns the run's status after it: retrying, or
     * cancelled where that was asked for. Saying it twice is harmless. Throws as {@link #complete}.
     */
    RunStatus fail(RunId run, int attempt, String error, boolean retryable);

    /**
     * Ends the live attempt without an outcome: the run goes on, with another attempt, when what it
     * waits for has come. Saying it twice is harmless. Throws as {@link #complete}, and {@code
     * invalid_request}.
     *
     * @param nextSeq how far the worker has read the log; where it has more by now, such as the
     *     signal, nothing is done. Null does not ask
     * @return false if nothing was done
     */
    boolean suspend(RunId run, int attempt, Wake wake, @Nullable Long nextSeq);

    /**
     * A stretch of a run's log: events with seq from {@code from} on, in seq order, at most {@code
     * limit} of them, and fewer once their data has {@link Ledger#PAGE_BYTES}. Empty past its end
     * and for an unknown run. Throws {@code invalid_seq} and {@code invalid_request} for a negative
     * from and a limit less than 1, and {@code expired} where the first of them is not kept any
     * more.
     */
    List<Event> events(RunId run, long from, int limit);
}
