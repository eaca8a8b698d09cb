package dev.outrun.engine.run;

import dev.outrun.engine.run.RunState.Backoff;
import dev.outrun.engine.run.RunState.Cancelling;
import dev.outrun.engine.run.RunState.Claimable;
import dev.outrun.engine.run.RunState.Deciding;
import dev.outrun.engine.run.RunState.Dispatched;
import dev.outrun.engine.run.RunState.Live;
import dev.outrun.engine.run.RunState.Queued;
import dev.outrun.engine.run.RunState.Running;
import dev.outrun.engine.run.RunState.Suspended;
import dev.outrun.engine.run.RunState.Waiting;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.PlatformEvent;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.work.Decision;
import dev.outrun.schema.work.Interrupt;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a run moves: a pure function of the run, of what happened, and of the time.
 *
 * <p>The log is the truth, so an event always moves the run to where the log says it is. Some
 * events cannot follow some states while the log has no hole (I3); they are obeyed all the same,
 * around the states' own transitions, because after a hole the log is still right and the state is
 * not.
 *
 * <p>What the engine says may be lost or come twice. Each saying leaves a state with a time in
 * {@link RunState#due} at which it is said again, the same, until the event that answers it.
 */
public final class RunRules {

    private final Patience patience;

    public RunRules(Patience patience) {
        this.patience = patience;
    }

    /**
     * Whether an event has been here before: the run is past it, or, where the run is not known, it
     * is from the tail of one that has ended. Records come again when a process has died.
     */
    public static boolean hasSeen(@Nullable OpenRun run, Event event) {
        return run == null ? event.seq() > 0 : event.seq() <= run.facts().seq();
    }

    /**
     * A run's first event.
     *
     * @throws IllegalArgumentException if it is not a readable {@code run.requested}
     */
    public Outcome opened(Event event, Instant now) {
        if (!(PlatformEvent.of(event.type(), event.data())
                instanceof PlatformEvent.Requested requested)) {
            throw new IllegalArgumentException("a log begins with " + event.type());
        }
        boolean waits = requested.waitFor() != null;
        RunFacts facts =
                RunFacts.of(event, requested, waits ? RunStatus.SUSPENDED : RunStatus.QUEUED);
        Effect published = new Effect.Publish(facts.view());
        Instant runAt = requested.runAt();
        if (runAt != null && runAt.isAfter(now)) {
            return Outcome.of(facts, new Waiting(runAt), published);
        }
        if (waits) {
            return Outcome.of(facts, new Suspended(0, null), published);
        }
        return Outcome.of(facts, new Queued(1, event.time()), published);
    }

    /**
     * A run's next event.
     *
     * @throws IllegalArgumentException if it is the platform's own and not readable
     */
    public Outcome followed(OpenRun run, Event event, Instant now) {
        RunFacts before = run.facts();
        RunState state = run.state();
        return switch (PlatformEvent.of(event.type(), event.data())) {
            case null -> Outcome.of(before.seen(event, before.status()), state);
            case PlatformEvent.Requested again ->
                    throw new IllegalArgumentException("a log begins twice");
            case PlatformEvent.Forked forked -> {
                RunFacts facts = before.seen(event, RunStatus.QUEUED).afresh();
                yield published(facts, state.toForked(forked.attempt(), facts.time()));
            }
            case PlatformEvent.AttemptStarted started ->
                    started(before.seen(event, RunStatus.RUNNING), state, started.worker());
            case PlatformEvent.AttemptFailed failed ->
                    failed(before.seen(event, RunStatus.RETRYING), state, failed, now);
            case PlatformEvent.RetryScheduled scheduled ->
                    scheduled(before.seen(event, RunStatus.RETRYING), state, scheduled, now);
            case PlatformEvent.Suspended suspended ->
                    suspended(before.seen(event, RunStatus.SUSPENDED), state, suspended);
            case PlatformEvent.Resumed resumed ->
                    resumed(before.seen(event, RunStatus.QUEUED), state, resumed);
            case PlatformEvent.SignalReceived signal ->
                    Outcome.of(before.seen(event, before.status()), state);
            case PlatformEvent.ChildStarted child ->
                    Outcome.of(before.seen(event, before.status()).withChild(), state);
            case PlatformEvent.ChildEnded child ->
                    Outcome.of(before.seen(event, before.status()), state);
            case PlatformEvent.CancelRequested asked ->
                    cancelRequested(
                            before.seen(event, before.status()).withCancelRequested(), state, now);
            case PlatformEvent.Completed completed -> closed(run, event, RunStatus.COMPLETED);
            case PlatformEvent.Failed failed -> closed(run, event, RunStatus.FAILED);
            case PlatformEvent.Cancelled cancelled -> closed(run, event, RunStatus.CANCELLED);
        };
    }

    /** It is the run's turn in its queue. */
    public Outcome admitted(OpenRun run, Instant now) {
        RunFacts facts = run.facts();
        return run.state() instanceof Queued queued
                ? Outcome.of(
                        facts,
                        queued.toDispatched(now.plus(patience.redispatchAfter())),
                        dispatch(facts, queued.attempt()))
                : new Outcome(run, List.of());
    }

    /** The time in the run's {@link RunState#due} has come. */
    public Outcome due(OpenRun run, Instant now) {
        RunFacts facts = run.facts();
        if (isOver(facts.deadline(), now)
                && !(run.state() instanceof Deciding(Decision.TimedOut what, Instant again))) {
            return timedOut(facts, run.state(), now);
        }
        return switch (run.state()) {
            case Waiting waiting -> Outcome.of(facts, waiting.toQueued());
            case Dispatched sent ->
                    Outcome.of(
                            facts,
                            sent.toDispatched(now.plus(patience.redispatchAfter(sent.sent() + 1))),
                            dispatch(facts, sent.attempt()));
            case Backoff backoff -> Outcome.of(facts, backoff.toQueued());
            case Deciding deciding -> decide(facts, deciding, deciding.what(), now);
            case Cancelling cancelling -> notStopped(facts, cancelling, now);
            case Suspended suspended ->
                    isOver(suspended.until(), now)
                            ? decide(
                                    facts,
                                    suspended,
                                    new Decision.Resume(facts.run().toString(), facts.attempt()),
                                    now)
                            : new Outcome(run, List.of());
            case Queued queued -> new Outcome(run, List.of());
            case Running running ->
                    isOver(facts.attemptDeadline(), now)
                            ? decide(
                                    facts,
                                    running,
                                    new Decision.AttemptTimedOut(
                                            facts.run().toString(), running.attempt()),
                                    now)
                            : new Outcome(run, List.of());
        };
    }

    /**
     * The claimant of the run's live attempt is gone.
     *
     * @param reason what became of it, for the log
     */
    public Outcome lost(OpenRun run, String reason, Instant now) {
        return switch (run.state()) {
            case Live live ->
                    decide(
                            run.facts(),
                            live,
                            new Decision.AttemptLost(
                                    run.facts().run().toString(), live.attempt(), reason),
                            now);
            case Claimable nobodysRun -> new Outcome(run, List.of());
        };
    }

    private Outcome started(RunFacts facts, RunState state, String claimant) {
        Running running =
                switch (state) {
                    case Claimable claimable -> claimable.toRunning(facts.attempt(), claimant);
                    case Live afterHole -> new Running(facts.attempt(), claimant);
                };
        return published(facts, running);
    }

    private Outcome failed(
            RunFacts before, RunState state, PlatformEvent.AttemptFailed failed, Instant now) {
        boolean handedBack = failed.isHandedBack();
        RunFacts facts = handedBack ? before.withLoss() : before.withFailure();
        String run = facts.run().toString();
        int attempt = facts.attempt();
        Decision.OfRun decision;
        if (facts.cancelRequested()) {
            decision = new Decision.Cancel(run, attempt);
        } else if (handedBack && facts.lost() < patience.lostAttemptsMax()) {
            decision = new Decision.Retry(run, attempt, facts.time());
        } else if (!handedBack
                && failed.retryable()
                && facts.retry().allowsAnother(facts.failures(), failed.errorCode())) {
            // From the event's time, not from now: said again, a decision is the same.
            Duration delay = facts.retry().delayAfter(facts.failures(), facts.seed());
            Instant at = facts.time().plus(delay);
            decision = new Decision.Retry(run, attempt, at);
        } else {
            decision = new Decision.Fail(run, attempt);
        }
        Outcome decided = withView(decide(facts, state, decision, now), facts);
        return failed.isTimeout() ? decided.and(interrupt(facts, attempt)) : decided;
    }

    private Outcome scheduled(
            RunFacts facts, RunState state, PlatformEvent.RetryScheduled scheduled, Instant now) {
        int attempt = scheduled.attempt();
        Instant at = scheduled.at();
        if (at.isAfter(now)) {
            RunState next =
                    state instanceof Deciding deciding
                            ? deciding.toBackoff(attempt, at)
                            : new Backoff(attempt, at); // after a hole
            return published(facts, next);
        }
        RunState next =
                state instanceof Deciding deciding
                        ? deciding.toQueued(attempt, at)
                        : new Queued(attempt, at); // after a hole
        return published(facts, next);
    }

    private Outcome suspended(RunFacts facts, RunState state, PlatformEvent.Suspended suspended) {
        RunState next =
                state instanceof Running running
                        ? running.toSuspended(suspended.until())
                        : new Suspended(facts.attempt(), suspended.until()); // after a hole
        return published(facts, next);
    }

    private Outcome resumed(RunFacts facts, RunState state, PlatformEvent.Resumed resumed) {
        Queued next =
                switch (state) {
                    case Suspended waits -> waits.toQueued(resumed.attempt(), facts.time());
                    case Deciding deciding -> deciding.toQueued(resumed.attempt(), facts.time());
                    default -> new Queued(resumed.attempt(), facts.time()); // after a hole
                };
        return published(facts, next);
    }

    private Outcome timedOut(RunFacts facts, RunState state, Instant now) {
        // Its worker is interrupted when this is recorded: sooner, it would say first why it ended.
        Decision.TimedOut decision = new Decision.TimedOut(facts.run().toString(), facts.attempt());
        Instant again = now.plus(patience.redecideAfter());
        return Outcome.of(facts, state.toTimedOut(decision, again), new Effect.Decide(decision));
    }

    private static boolean isOver(@Nullable Instant time, Instant now) {
        return time != null && !now.isBefore(time);
    }

    private Outcome cancelRequested(RunFacts facts, RunState state, Instant now) {
        return switch (state) {
            case Running running -> {
                Instant graceEnds = now.plus(patience.cancelGrace());
                Instant again = earlier(now.plus(patience.reinterruptAfter()), graceEnds);
                yield Outcome.of(
                        facts,
                        running.toCancelling(graceEnds, again),
                        new Effect.Publish(facts.view()),
                        interrupt(facts, running.attempt()));
            }
            // Without a live attempt the ledger has written run.cancelled too: it follows. Where a
            // loss is being decided, recording that ends the run as well.
            case Claimable waiting -> published(facts, waiting);
            case Cancelling already -> published(facts, already);
        };
    }

    private Outcome notStopped(RunFacts facts, Cancelling cancelling, Instant now) {
        if (!now.isBefore(cancelling.graceEnds())) {
            String run = facts.run().toString();
            return decide(facts, cancelling, new Decision.Cancel(run, cancelling.attempt()), now);
        }
        Instant again = earlier(now.plus(patience.reinterruptAfter()), cancelling.graceEnds());
        return Outcome.of(
                facts, cancelling.toCancelling(again), interrupt(facts, cancelling.attempt()));
    }

    private Outcome decide(RunFacts facts, RunState state, Decision.OfRun decision, Instant now) {
        Instant again = now.plus(patience.redecideAfter());
        Deciding deciding =
                switch (state) {
                    case Live live -> live.toDeciding(decision, again);
                    case Deciding earlier -> earlier.toDeciding(decision, again);
                    case Waiting afterHole -> new Deciding(decision, again);
                    case Queued afterHole -> new Deciding(decision, again);
                    case Suspended suspended ->
                            decision instanceof Decision.Resume resume
                                    ? suspended.toDeciding(resume, again)
                                    : new Deciding(decision, again); // after a hole
                    case Dispatched afterHole -> new Deciding(decision, again);
                    case Backoff afterHole -> new Deciding(decision, again);
                };
        return Outcome.of(facts, deciding, new Effect.Decide(decision));
    }

    private static Outcome closed(OpenRun run, Event event, RunStatus status) {
        RunFacts last = run.facts().seen(event, status);
        List<Effect> effects = new ArrayList<>();
        effects.add(new Effect.Publish(last.view()));
        boolean endedFromOutside =
                run.facts().status() == RunStatus.RUNNING
                        && status != RunStatus.COMPLETED
                        && !(run.state() instanceof Cancelling);
        if (endedFromOutside) {
            effects.add(interrupt(last, last.attempt()));
        }
        if (last.hasChildren()) {
            effects.add(
                    new Effect.Decide(
                            new Decision.EndChildren(last.run().toString(), last.attempt())));
        }
        return new Outcome(null, effects);
    }

    private static Outcome published(RunFacts facts, RunState state) {
        return Outcome.of(facts, state, new Effect.Publish(facts.view()));
    }

    private static Outcome withView(Outcome outcome, RunFacts facts) {
        return new Outcome(
                outcome.run(),
                List.of(new Effect.Publish(facts.view()), outcome.effects().getFirst()));
    }

    private static Effect dispatch(RunFacts facts, int attempt) {
        return new Effect.Dispatch(facts.task(attempt));
    }

    private static Effect interrupt(RunFacts facts, int attempt) {
        return new Effect.Interrupt(new Interrupt(facts.run().toString(), attempt));
    }

    private static Instant earlier(Instant a, Instant b) {
        return a.isBefore(b) ? a : b;
    }
}
