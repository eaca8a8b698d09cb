package dev.outrun.engine.run;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.outrun.schema.work.Decision;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What the engine waits for before a run moves on; one record per state, with its legal transitions
 * only.
 *
 * <pre>
 * run.requested ─▶ {@link Queued}, or {@link Waiting} where it asks for a later time
 *
 * Waiting    ─ {@link Waiting#toQueued its time comes} ─▶ Queued
 * Queued     ─ {@link Queued#toDispatched it is its queue's next} ─▶ {@link Dispatched}
 * Dispatched ─ {@link Dispatched#toDispatched nobody claims the task} ─▶ Dispatched: the task again
 * Dispatched ─ {@link Claimable#toRunning run.attempt.started} ─▶ {@link Running}
 * Running    ─ {@link Live#toDeciding run.attempt.failed, or worker gone} ─▶ {@link Deciding}
 * Running    ─ {@link Running#toCancelling run.cancel.requested} ─▶ {@link Cancelling}
 * Cancelling ─ {@link Cancelling#toCancelling the attempt goes on} ─▶ Cancelling: interrupt again
 * Cancelling ─ {@link Live#toDeciding its worker is gone, or the grace ends} ─▶ Deciding
 * Running    ─ {@link Running#toSuspended run.suspended} ─▶ {@link Suspended}
 * Suspended  ─ {@link Suspended#toDeciding its time comes} ─▶ Deciding
 * Suspended  ─ {@link Suspended#toQueued run.resumed, by a signal} ─▶ Queued
 * Deciding   ─ {@link Deciding#toDeciding nobody records it} ─▶ Deciding: the decision again
 * Deciding   ─ {@link Deciding#toDeciding the loss is recorded} ─▶ Deciding: retry or fail
 * Deciding   ─ {@link Deciding#toBackoff run.retry.scheduled} ─▶ {@link Backoff}
 * Deciding   ─ {@link Deciding#toQueued run.retry.scheduled, due by now, or run.resumed} ─▶ Queued
 * Backoff    ─ {@link Backoff#toQueued its time comes} ─▶ Queued
 *
 * any of them ─ {@link #toTimedOut the run has taken too long} ─▶ Deciding
 * any of them ─ {@link #toForked run.forked, after what was copied} ─▶ Queued, if no task is out
 * any of them ─ run.completed, run.failed, run.cancelled ─▶ no state: the run is forgotten
 * </pre>
 *
 * Whoever speaks SQL may claim the next attempt before its time, so that every {@link Claimable}
 * state can start {@link Running}.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "state")
@JsonSubTypes({
    @JsonSubTypes.Type(value = RunState.Waiting.class, name = "waiting"),
    @JsonSubTypes.Type(value = RunState.Queued.class, name = "queued"),
    @JsonSubTypes.Type(value = RunState.Dispatched.class, name = "dispatched"),
    @JsonSubTypes.Type(value = RunState.Running.class, name = "running"),
    @JsonSubTypes.Type(value = RunState.Deciding.class, name = "deciding"),
    @JsonSubTypes.Type(value = RunState.Backoff.class, name = "backoff"),
    @JsonSubTypes.Type(value = RunState.Suspended.class, name = "suspended"),
    @JsonSubTypes.Type(value = RunState.Cancelling.class, name = "cancelling")
})
public sealed interface RunState {

    /**
     * When the engine acts if no event comes before; null where it waits for a live worker, or for
     * its turn.
     */
    @Nullable Instant due();

    /** The run has taken too long. */
    default Deciding toTimedOut(Decision.TimedOut what, Instant due) {
        return new Deciding(what, due);
    }

    /** What came before was another run's. */
    default RunState toForked(int attempt, Instant since) {
        return new Queued(attempt, since);
    }

    /** No attempt is live as far as the log says, or its end is being decided. */
    sealed interface Claimable extends RunState {

        /** {@code run.attempt.started}. */
        default Running toRunning(int attempt, String claimant) {
            return new Running(attempt, claimant);
        }
    }

    /** An attempt is live: a claimant holds it, who has to be heard of. */
    sealed interface Live extends RunState {

        int attempt();

        String claimant();

        /** The attempt has failed, is lost, or would not stop. */
        default Deciding toDeciding(Decision.OfRun what, Instant due) {
            return new Deciding(what, due);
        }
    }

    /** Its first attempt is not to start before {@code until}. */
    record Waiting(Instant until) implements Claimable {

        @Override
        public Instant due() {
            return until;
        }

        public Queued toQueued() {
            return new Queued(1, until);
        }
    }

    /**
     * It waits in its queue for its turn.
     *
     * @param attempt the attempt to come
     * @param since when it was ready for it
     */
    record Queued(int attempt, Instant since) implements Claimable {

        @Override
        public @Nullable Instant due() {
            return null;
        }

        public Dispatched toDispatched(Instant due) {
            return new Dispatched(attempt, 1, due);
        }
    }

    /**
     * A task is out and not claimed.
     *
     * @param attempt the attempt it is about
     * @param sent how often it was sent
     * @param due when it is sent again
     */
    record Dispatched(int attempt, int sent, Instant due) implements Claimable {

        public Dispatched toDispatched(Instant again) {
            return new Dispatched(attempt, sent + 1, again);
        }

        /** Forked before the other's first attempt: its own task is out. */
        @Override
        public RunState toForked(int forked, Instant since) {
            return forked == attempt ? this : Claimable.super.toForked(forked, since);
        }
    }

    /** A claimant runs the attempt. */
    record Running(int attempt, String claimant) implements Live {

        @Override
        public @Nullable Instant due() {
            return null;
        }

        public Cancelling toCancelling(Instant graceEnds, Instant due) {
            return new Cancelling(attempt, claimant, graceEnds, due);
        }

        public Suspended toSuspended(@Nullable Instant until) {
            return new Suspended(attempt, until);
        }
    }

    /**
     * A decision is out and its event not yet seen.
     *
     * @param due when it is sent again, the same
     */
    record Deciding(Decision.OfRun what, Instant due) implements Claimable {

        /** Sent again, or overtaken by an event that asks for another decision. */
        public Deciding toDeciding(Decision.OfRun next, Instant again) {
            return new Deciding(next, again);
        }

        public Backoff toBackoff(int attempt, Instant at) {
            return new Backoff(attempt, at);
        }

        public Queued toQueued(int attempt, Instant since) {
            return new Queued(attempt, since);
        }
    }

    /** The next attempt is not to start before {@code at}. */
    record Backoff(int attempt, Instant at) implements Claimable {

        @Override
        public Instant due() {
            return at;
        }

        public Queued toQueued() {
            return new Queued(attempt, at);
        }
    }

    /**
     * It has given its worker back.
     *
     * @param attempt the attempt that did
     * @param until when it goes on if no signal comes before; null: never
     */
    record Suspended(int attempt, @Nullable Instant until) implements Claimable {

        @Override
        public @Nullable Instant due() {
            return until;
        }

        public Deciding toDeciding(Decision.Resume what, Instant due) {
            return new Deciding(what, due);
        }

        public Queued toQueued(int next, Instant since) {
            return new Queued(next, since);
        }
    }

    /**
     * The live attempt was told to stop.
     *
     * @param graceEnds when the run is cancelled without it
     * @param due when it is told again, or the grace ends
     */
    record Cancelling(int attempt, String claimant, Instant graceEnds, Instant due)
            implements Live {

        public Cancelling toCancelling(Instant again) {
            return new Cancelling(attempt, claimant, graceEnds, again);
        }
    }
}
