package dev.outrun.engine.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.work.Decision;
import dev.outrun.schema.work.Task;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Walks the rules at random against a model of the ledger, through channels that lose, double and
 * delay what the engine says and what the log tells it, with workers that die. Then the world turns
 * kind, and the run has to end.
 */
final class RunRulesWalkTest {

    private static final int WALKS = 3_000;
    private static final int STEPS = 120;
    private static final int KIND_STEPS_MAX = 400;

    @Test
    void run_throughAnyMisfortune_keepsTheRulesAndEnds() {
        Set<RunStatus> ends = EnumSet.noneOf(RunStatus.class);
        for (long seed = 0; seed < WALKS; seed++) {
            try {
                ends.add(new Walk(seed).toItsEnd());
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed=" + seed, e);
            }
        }
        assertEquals(EnumSet.of(RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED), ends);
    }

    private static final class Walk {

        private final Random random;
        private final RunRules rules = new RunRules(Patience.DEFAULT);
        private final LedgerModel ledger;
        private final List<Task> tasks = new ArrayList<>();
        private final List<Decision.OfRun> decisions = new ArrayList<>();
        private Instant now = Instant.parse("2026-01-02T03:04:05Z");
        private @Nullable OpenRun run;
        private int delivered;
        private boolean ended;
        private boolean workerDead;
        private int lastDispatched;
        private long lastViewed = -1;

        private Walk(long seed) {
            random = new Random(seed);
            ledger =
                    new LedgerModel(
                            () -> now,
                            1 + random.nextInt(3),
                            random.nextInt(4) == 0 ? 120_000 : 0,
                            random.nextInt(4) == 0 ? 7_000 : 0);
        }

        private RunStatus toItsEnd() {
            for (int step = 0; step < STEPS; step++) {
                misfortune();
            }
            for (int step = 0; !ended && step < KIND_STEPS_MAX; step++) {
                kindness();
            }
            assertTrue(ended, "stuck in " + run + ", ledger " + ledger.status);
            return ledger.status;
        }

        private void misfortune() {
            switch (random.nextInt(18)) {
                case 0, 1, 2, 3 -> deliverNext();
                case 4 ->
                        deliver(ledger.log.get(random.nextInt(delivered + 1) % ledger.log.size()));
                case 5, 6 -> fireTimer();
                case 7, 8 -> takeTask(random.nextBoolean());
                case 9, 10 -> takeDecision(random.nextBoolean());
                case 11 -> workerEnds(random.nextInt(8));
                case 12 -> workerDead = random.nextBoolean();
                case 13 -> lose();
                case 14 -> ledger.say();
                case 15 -> ledger.suspend(random.nextBoolean() ? now.plusSeconds(3) : null);
                case 16 -> ledger.signal();
                case 17 -> {
                    if (random.nextInt(20) == 0) {
                        ledger.cancel();
                    }
                }
                default -> throw new AssertionError();
            }
        }

        private void kindness() {
            while (delivered < ledger.log.size()) {
                deliverNext();
            }
            if (!tasks.isEmpty()) {
                takeTask(true);
            } else if (!decisions.isEmpty()) {
                takeDecision(true);
            } else if (run != null && run.state() instanceof RunState.Live) {
                if (workerDead) {
                    lose();
                } else {
                    workerEnds(0);
                }
            } else if (delivered == ledger.log.size()) {
                ledger.signal();
                fireTimer();
            }
        }

        private void deliverNext() {
            if (delivered < ledger.log.size()) {
                delivered++;
                deliver(ledger.log.get(delivered - 1));
            }
        }

        private void deliver(Event event) {
            // What was not delivered yet cannot come again; a whole log that does would end again.
            if (event.seq() >= delivered || (ended && event.seq() == 0)) {
                return;
            }
            if (!RunRules.hasSeen(run, event)) {
                apply(run == null ? rules.opened(event, now) : rules.followed(run, event, now));
                ended = EventTypes.isTerminal(event.type());
                assertEquals(ended, run == null);
            }
        }

        private void turnComes() {
            if (run != null && run.state() instanceof RunState.Queued) {
                apply(rules.admitted(run, now));
            }
        }

        private void fireTimer() {
            turnComes();
            Instant due = run == null ? null : run.due();
            if (run != null && due != null) {
                now = due.isAfter(now) ? due : now;
                apply(rules.due(run, now));
            }
        }

        private void takeTask(boolean arrives) {
            if (!tasks.isEmpty()) {
                Task task = tasks.remove(random.nextInt(tasks.size()));
                if (arrives && ledger.claim(task, "w@" + random.nextInt(3))) {
                    workerDead = false;
                }
            }
        }

        private void takeDecision(boolean arrives) {
            if (!decisions.isEmpty()) {
                Decision.OfRun decision = decisions.remove(random.nextInt(decisions.size()));
                if (arrives) {
                    ledger.record(decision);
                }
            }
        }

        private void workerEnds(int how) {
            if (workerDead) {
                return;
            }
            switch (how) {
                case 0 -> ledger.complete();
                case 1 -> ledger.failForGood();
                case 2, 3 -> ledger.handBack();
                default -> ledger.failRetryable();
            }
        }

        private void lose() {
            if (run != null) {
                apply(rules.lost(run, "gone", now));
            }
        }

        private void apply(Outcome outcome) {
            boolean wasOver = ended;
            run = outcome.run();
            for (Effect effect : outcome.effects()) {
                switch (effect) {
                    case Effect.Dispatch(Task task) -> {
                        assertTrue(!wasOver, "dispatched after the end");
                        assertTrue(task.attempt() >= lastDispatched, "attempts only rise");
                        assertTrue(task.attempt() <= ledger.attempt + 1, "one attempt at a time");
                        lastDispatched = task.attempt();
                        tasks.add(task);
                    }
                    case Effect.Decide(Decision.OfRun decision) -> {
                        assertNotNull(run);
                        assertEquals(run.facts().attempt(), decision.attempt());
                        decisions.add(decision);
                    }
                    case Effect.Interrupt(var interrupt) -> {
                        assertTrue(interrupt.attempt() <= ledger.attempt, "of no attempt");
                    }
                    case Effect.Publish(var view) -> {
                        assertTrue(view.seq() > lastViewed, "views only go on");
                        lastViewed = view.seq();
                    }
                }
            }
            if (run != null) {
                assertTrue(
                        run.due() != null
                                || run.standing() != null
                                || run.state() instanceof RunState.Suspended,
                        () -> "waits for nothing: " + run);
            }
        }
    }
}
