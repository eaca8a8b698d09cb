package dev.outrun.engine.run;

import dev.outrun.engine.queue.Standing;
import dev.outrun.schema.event.PlatformEvent;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.work.Decision;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A run whose log is not closed: what its log has said, and what the engine waits for. */
public record OpenRun(RunFacts facts, RunState state) {

    /** Whether nothing but its seq has moved: it has seen events of users' since. */
    public boolean isWhere(OpenRun before) {
        return state.equals(before.state) && facts.isWhere(before.facts);
    }

    /** When the engine acts if no event comes before; null: it waits for one, however long. */
    public @Nullable Instant due() {
        Instant due = state.due();
        if (state instanceof RunState.Running) {
            due = earliest(due, facts.attemptDeadline());
        }
        return isEnding() ? due : earliest(due, facts.deadline());
    }

    /** Whether its end is being decided, as it has taken too long. */
    private boolean isEnding() {
        return state instanceof RunState.Deciding(Decision.TimedOut what, Instant again);
    }

    /** The earlier of two times, of which null is never. */
    public static @Nullable Instant earliest(@Nullable Instant a, @Nullable Instant b) {
        if (a == null || b == null) {
            return a == null ? b : a;
        }
        return a.isBefore(b) ? a : b;
    }

    /** Where it stands in its queue; null while it is not in it. */
    public @Nullable Standing standing() {
        PlatformEvent.Requested request = facts.request();
        String key = request.concurrencyKey();
        return switch (state) {
            case RunState.Queued(int attempt, var since) ->
                    new Standing.Waiting(
                            facts.run(),
                            request.handler(),
                            key,
                            request.priority(),
                            since,
                            attempt > 1);
            case RunState.Dispatched out -> new Standing.Out(facts.run(), request.handler(), key);
            case RunState.Live live -> new Standing.Live(facts.run(), key);
            // What is decided of a live attempt, such as its loss, is not recorded yet.
            case RunState.Deciding deciding ->
                    facts.status() == RunStatus.RUNNING
                            ? new Standing.Live(facts.run(), key)
                            : null;
            case RunState.Waiting waiting -> null;
            case RunState.Backoff backoff -> null;
            case RunState.Suspended suspended -> null;
        };
    }
}
