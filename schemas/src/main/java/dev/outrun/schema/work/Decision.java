package dev.outrun.schema.work;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;

/**
 * What the engine decided about a run, to be recorded in its log. A decision may come twice or
 * late: the ledger records it only while the run still is where the engine saw it.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "decision")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Decision.Retry.class, name = "retry"),
    @JsonSubTypes.Type(value = Decision.AttemptLost.class, name = "attempt_lost"),
    @JsonSubTypes.Type(value = Decision.AttemptTimedOut.class, name = "attempt_timed_out"),
    @JsonSubTypes.Type(value = Decision.TimedOut.class, name = "timed_out"),
    @JsonSubTypes.Type(value = Decision.Resume.class, name = "resume"),
    @JsonSubTypes.Type(value = Decision.EndChildren.class, name = "end_children"),
    @JsonSubTypes.Type(value = Decision.Fail.class, name = "fail"),
    @JsonSubTypes.Type(value = Decision.Cancel.class, name = "cancel")
})
public sealed interface Decision {

    /** The run's id. */
    String run();

    /**
     * The attempt that the decision is about: the one that failed, was lost, or is to be cancelled.
     */
    int attempt();

    /** Try again, at this time. Becomes {@code run.retry.scheduled}. */
    record Retry(String run, int attempt, Instant at) implements Decision {}

    /** The attempt's worker is gone. Becomes {@code run.attempt.failed}. */
    record AttemptLost(String run, int attempt, String reason) implements Decision {}

    /** The attempt has taken too long. Becomes {@code run.attempt.failed}. */
    record AttemptTimedOut(String run, int attempt) implements Decision {}

    /** The run has taken too long. Becomes {@code run.failed}. */
    record TimedOut(String run, int attempt) implements Decision {}

    /** The time has come that the suspended run waits for. Becomes {@code run.resumed}. */
    record Resume(String run, int attempt) implements Decision {}

    /** The run has ended: its children that are not detached are to be cancelled. */
    record EndChildren(String run, int attempt) implements Decision {}

    /** No further attempt. Becomes {@code run.failed}. */
    record Fail(String run, int attempt) implements Decision {}

    /** The attempt did not stop when it was interrupted. Becomes {@code run.cancelled}. */
    record Cancel(String run, int attempt) implements Decision {}
}
