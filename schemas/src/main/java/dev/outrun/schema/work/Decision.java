package dev.outrun.schema.work;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;

/**
 * What the engine decided about a run or a schedule, to be recorded in its log. A decision may come
 * twice or late: the ledger records it only while the run still is where the engine saw it.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "decision")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Decision.Retry.class, name = "retry"),
    @JsonSubTypes.Type(value = Decision.AttemptLost.class, name = "attempt_lost"),
    @JsonSubTypes.Type(value = Decision.AttemptTimedOut.class, name = "attempt_timed_out"),
    @JsonSubTypes.Type(value = Decision.TimedOut.class, name = "timed_out"),
    @JsonSubTypes.Type(value = Decision.Resume.class, name = "resume"),
    @JsonSubTypes.Type(value = Decision.EndChildren.class, name = "end_children"),
    @JsonSubTypes.Type(value = Decision.Fire.class, name = "fire"),
    @JsonSubTypes.Type(value = Decision.Skip.class, name = "skip"),
    @JsonSubTypes.Type(value = Decision.Fail.class, name = "fail"),
    @JsonSubTypes.Type(value = Decision.Cancel.class, name = "cancel")
})
public sealed interface Decision {

    /** The run's id, or that of the schedule's log. */
    String run();

    /** What is decided of a run. */
    sealed interface OfRun extends Decision {

        /** The attempt it is about: the one that failed, was lost, or is to be cancelled. */
        int attempt();
    }

    /** What is decided of a schedule. */
    sealed interface OfSchedule extends Decision {

        /** The seq of the {@code schedule.changed} it is decided by. */
        long changed();

        /** The occurrence: it, and all before it, are no longer to come. */
        Instant at();

        /** How many occurrences nothing is started for. */
        long missed();
    }

    /** Try again, at this time. Becomes {@code run.retry.scheduled}. */
    record Retry(String run, int attempt, Instant at) implements OfRun {}

    /** The attempt's worker is gone. Becomes {@code run.attempt.failed}. */
    record AttemptLost(String run, int attempt, String reason) implements OfRun {}

    /** The attempt has taken too long. Becomes {@code run.attempt.failed}. */
    record AttemptTimedOut(String run, int attempt) implements OfRun {}

    /** The run has taken too long. Becomes {@code run.failed}. */
    record TimedOut(String run, int attempt) implements OfRun {}

    /** The time has come that the suspended run waits for. Becomes {@code run.resumed}. */
    record Resume(String run, int attempt) implements OfRun {}

    /** The run has ended: its children that are not detached are to be cancelled. */
    record EndChildren(String run, int attempt) implements OfRun {}

    /** No further attempt. Becomes {@code run.failed}. */
    record Fail(String run, int attempt) implements OfRun {}

    /** The attempt did not stop when it was interrupted. Becomes {@code run.cancelled}. */
    record Cancel(String run, int attempt) implements OfRun {}

    /** An occurrence is due. Becomes {@code schedule.fired}, and a run. */
    record Fire(String run, long changed, Instant at, long missed) implements OfSchedule {}

    /** Occurrences were missed. Becomes {@code schedule.skipped}. */
    record Skip(String run, long changed, Instant at, long missed) implements OfSchedule {}
}
