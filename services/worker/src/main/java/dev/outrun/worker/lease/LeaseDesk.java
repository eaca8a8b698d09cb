package dev.outrun.worker.lease;

import dev.outrun.ledger.Claim;
import dev.outrun.ledger.Ledger;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.work.Task;
import dev.outrun.worker.TaskDesk;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Those who wait for tasks of one set of handlers, in the order they came. A task is taken from
 * Kafka only while somebody waits, and is claimed for the first of them.
 */
final class LeaseDesk implements TaskDesk {

    private static final Logger log = LoggerFactory.getLogger(LeaseDesk.class);

    private final Set<String> handlers;
    private final Ledger ledger;
    private final UnaryOperator<String> claimants;
    private final Duration lookEvery;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition someoneWaits = lock.newCondition();
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private boolean closed;

    /**
     * Nobody waits.
     *
     * @param claimants a name for a claim, another one each time, from a worker's name
     * @param lookEvery how often it is looked whether a client that waits is still there
     */
    LeaseDesk(
            Set<String> handlers,
            Ledger ledger,
            UnaryOperator<String> claimants,
            Duration lookEvery) {
        this.handlers = handlers;
        this.ledger = ledger;
        this.claimants = claimants;
        this.lookEvery = lookEvery;
    }

    /** Somebody who waits; guarded by the lock. */
    private final class Waiting {

        private final String worker;
        private final Condition changed = lock.newCondition();

        /** A task is being claimed for it: it cannot leave. */
        private boolean isServed;

        private boolean isSentAway;
        private @Nullable LeasedTask leased;

        Waiting(String worker) {
            this.worker = worker;
        }
    }

    /**
     * Waits for a task; empty when the wait is over, the worker leaves, or this is closed. What was
     * claimed for a client that is gone is handed back.
     *
     * @throws IOException if the client is gone
     */
    Optional<LeasedTask> lease(String worker, Duration wait, LeaseClient client)
            throws InterruptedException, IOException {
        long end = System.nanoTime() + wait.toNanos();
        Waiting self = enter(worker);
        boolean here = false;
        try {
            while (awaitTask(self, Math.min(end, System.nanoTime() + lookEvery.toNanos()))) {
                if (System.nanoTime() - end >= 0) {
                    break;
                }
                client.look();
            }
            here = true;
        } finally {
            leave(self, here);
        }
        return Optional.ofNullable(self.leased);
    }

    private Waiting enter(String worker) {
        lock.lock();
        try {
            Waiting self = new Waiting(worker);
            self.isSentAway = closed;
            waiting.addLast(self);
            someoneWaits.signalAll();
            return self;
        } finally {
            lock.unlock();
        }
    }

    /** Whether there is nothing until then, and there still can be. */
    private boolean awaitTask(Waiting self, long until) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = until - System.nanoTime();
            while (self.leased == null && (self.isServed || (left > 0 && !self.isSentAway))) {
                if (self.isServed) {
                    self.changed.await();
                } else {
                    left = self.changed.awaitNanos(left);
                }
            }
            return self.leased == null && !self.isSentAway;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes nothing any more.
     *
     * @param here whether there is somebody to take what it has
     */
    private void leave(Waiting self, boolean here) {
        lock.lock();
        try {
            while (self.isServed) {
                self.changed.awaitUninterruptibly();
            }
            waiting.remove(self);
        } finally {
            lock.unlock();
        }
        if (self.leased != null && !here) {
            self.leased.handBack(ledger);
        }
    }

    /** Sends those away who wait for this worker; how many they were. */
    int sendAway(String worker) {
        lock.lock();
        try {
            int sent = 0;
            for (Waiting each : waiting) {
                if (each.worker.equals(worker)) {
                    each.isSentAway = true;
                    each.changed.signalAll();
                    sent++;
                }
            }
            return sent;
        } finally {
            lock.unlock();
        }
    }

    /** How many wait whom nothing is being claimed for. */
    int waiting() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    /** Sends everybody away who is not being served. */
    void close() {
        lock.lock();
        try {
            closed = true;
            for (Waiting each : waiting) {
                each.isSentAway = true;
                each.changed.signalAll();
            }
            someoneWaits.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Set<String> handlers() {
        return handlers;
    }

    @Override
    public boolean awaitPlace(Duration wait) throws InterruptedException {
        long left = wait.toNanos();
        lock.lockInterruptibly();
        try {
            while (waiting.isEmpty() && !closed && left > 0) {
                left = someoneWaits.awaitNanos(left);
            }
            return !waiting.isEmpty() && !closed;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Answer offer(Task task) {
        RunId run = RunId.parse(task.run());
        if (!handlers.contains(task.handler())) {
            return Answer.NO_HANDLER;
        }
        Waiting first = serveFirst();
        if (first == null) {
            return Answer.NOT_HERE;
        }
        LeasedTask leased = null;
        try {
            Optional<Claim> claim =
                    ledger.claim(run, task.attempt(), claimants.apply(first.worker));
            leased =
                    claim.map(granted -> new LeasedTask(run, task.attempt(), granted)).orElse(null);
            return leased == null ? Answer.REFUSED : Answer.TAKEN;
        } catch (OutrunException e) {
            // Committed all the same, the attempt is lost for its silence, and made again.
            log.warn("claim not answered run={} attempt={} code={}", run, task.attempt(), e.code());
            return e.code().kind() == ErrorCode.Kind.USER ? Answer.REFUSED : Answer.UNAVAILABLE;
        } finally {
            served(first, leased);
        }
    }

    private @Nullable Waiting serveFirst() {
        lock.lock();
        try {
            Waiting first =
                    waiting.stream().filter(each -> !each.isSentAway).findFirst().orElse(null);
            if (first != null) {
                waiting.remove(first);
                first.isServed = true;
            }
            return first;
        } finally {
            lock.unlock();
        }
    }

    /** With nothing, it is the first again. */
    private void served(Waiting first, @Nullable LeasedTask leased) {
        lock.lock();
        try {
            first.isServed = false;
            first.leased = leased;
            if (leased == null) {
                waiting.addFirst(first);
                someoneWaits.signalAll();
            }
            first.changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
