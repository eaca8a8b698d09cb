package dev.outrun.testkit;

import dev.outrun.ledger.Ledger;
import dev.outrun.schema.work.Heartbeat;
import dev.outrun.schema.work.Interrupt;
import dev.outrun.schema.work.Task;
import dev.outrun.worker.RunHandler;
import dev.outrun.worker.SteppedAttempt;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A worker, stepped: hears an interrupt, claims an attempt, or makes one, on the caller's thread.
 * As it is made, the handler may have everything else move, through the harness.
 */
final class SteppedWorker implements Stepped {

    private static final String NAME = "stepped";

    private final Ledger ledger;
    private final Map<String, RunHandler> handlers;
    private final Mailbox<Task> tasks;
    private final Mailbox<Interrupt> interrupts;
    private final VirtualClock clock;
    private final HandlerLimits limits;
    private final Deque<SteppedAttempt> claimed = new ArrayDeque<>();
    private final List<SteppedAttempt> live = new ArrayList<>();
    private long session;

    SteppedWorker(
            Ledger ledger,
            Map<String, RunHandler> handlers,
            Mailbox<Task> tasks,
            Mailbox<Interrupt> interrupts,
            VirtualClock clock,
            HandlerLimits limits) {
        this.ledger = ledger;
        this.handlers = Map.copyOf(handlers);
        this.tasks = tasks;
        this.interrupts = interrupts;
        this.clock = clock;
        this.limits = limits;
        this.session = clock.instant().toEpochMilli();
    }

    /** Its sign of life. */
    Heartbeat heartbeat() {
        return new Heartbeat(NAME, session, false);
    }

    @Override
    public @Nullable String move() {
        Interrupt interrupt = interrupts.take();
        if (interrupt != null) {
            live(interrupt.run(), interrupt.attempt()).ifPresent(SteppedAttempt::cancel);
            return "heard " + interrupt;
        }
        Task task = tasks.take();
        if (task != null) {
            return claim(task);
        }
        SteppedAttempt attempt = claimed.poll();
        return attempt == null ? null : make(attempt);
    }

    private String claim(Task task) {
        RunHandler handler = handlers.get(task.handler());
        if (handler == null) {
            return "has no handler for " + task;
        } else if (live(task.run(), task.attempt()).isPresent()) {
            return "makes already " + task;
        }
        var attempt =
                SteppedAttempt.claim(
                        task,
                        Heartbeat.claimant(NAME, session),
                        limits.around(handler, task),
                        ledger,
                        clock,
                        limits.counter(task));
        attempt.ifPresent(claimed::add);
        attempt.ifPresent(live::add);
        return (attempt.isPresent() ? "claimed " : "was refused ") + task;
    }

    private Optional<SteppedAttempt> live(String run, int attempt) {
        return live.stream()
                .filter(each -> each.run().toString().equals(run) && each.number() == attempt)
                .findFirst();
    }

    private String make(SteppedAttempt attempt) {
        String what = "made attempt " + attempt.number() + " of " + attempt.run();
        try {
            attempt.make();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted as it " + what, e);
        } finally {
            live.remove(attempt);
        }
        limits.check();
        return what;
    }

    @Override
    public void commit() {
        // A worker notes nothing: what it has claimed is in the ledger.
    }

    /** A new session of the same worker. */
    @Override
    public void crash() {
        live.forEach(SteppedAttempt::die);
        live.clear();
        claimed.clear();
        interrupts.lose(); // it would listen from its start on
        session = Math.max(session + 1, clock.instant().toEpochMilli());
    }
}
