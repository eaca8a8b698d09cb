package dev.outrun.ledger;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes calls of one kind together: those that come while batches are under way are the next batch.
 * Who calls while none is, does not wait. A batch is made by one of its callers' threads; what it
 * does not answer, each caller asks alone. Where one finds that nobody answers, those that have
 * waited for a while are told so too.
 *
 * @param <Q> what is asked
 * @param <A> what is answered
 */
final class CallBatcher<Q, A> {

    /** What is asked together, and the answers there are, by the places of their questions. */
    interface Together<Q, A> extends Function<List<Q>, Map<Integer, A>> {}

    private final int lanes;
    private final int most;
    private final long patienceNanos;
    private final Together<Q, A> together;
    private final Function<Q, A> alone;
    private final ReentrantLock lock = new ReentrantLock();
    private final ArrayDeque<Call> waiting = new ArrayDeque<>();
    private int underWay;

    /**
     * A batcher.
     *
     * @param lanes how many batches there may be at a time
     * @param most how many calls a batch may have
     * @param patience how long a call waits for its batch when the one before was not answered
     * @param together asks all of a batch or, if it throws, nothing; must not wait for anybody, so
     *     that no call waits for another's sake
     */
    CallBatcher(
            int lanes, int most, Duration patience, Together<Q, A> together, Function<Q, A> alone) {
        this.lanes = lanes;
        this.most = most;
        this.patienceNanos = patience.toNanos();
        this.together = together;
        this.alone = alone;
    }

    private final class Call {
        final Q question;
        final Condition changed = lock.newCondition();
        final long since = System.nanoTime();
        boolean taken;
        boolean made;
        @Nullable A answer;
        @Nullable OutrunException unavailable;

        Call(Q question) {
            this.question = question;
        }
    }

    /** The answer, by whichever way it comes. */
    A answer(Q question) {
        Call own = new Call(question);
        for (List<Call> batch = join(own); !batch.isEmpty(); batch = await(own)) {
            make(batch);
        }
        if (own.unavailable != null) {
            throw own.unavailable;
        }
        return own.answer == null ? alone.apply(question) : own.answer;
    }

    private List<Call> join(Call own) {
        lock.lock();
        try {
            waiting.add(own);
            return await(own);
        } finally {
            lock.unlock();
        }
    }

    /** A batch that this thread is to make; empty when its own call has been made. */
    private List<Call> await(Call own) {
        lock.lock();
        try {
            while (!own.made) {
                if (!own.taken && underWay < lanes) {
                    return take();
                }
                own.changed.awaitUninterruptibly();
            }
            return List.of();
        } finally {
            lock.unlock();
        }
    }

    private List<Call> take() {
        underWay++;
        List<Call> batch = new ArrayList<>(Math.min(waiting.size(), most));
        while (batch.size() < most && !waiting.isEmpty()) {
            Call next = waiting.remove();
            next.taken = true;
            batch.add(next);
        }
        wakeNext();
        return batch;
    }

    private void make(List<Call> batch) {
        try {
            together.apply(batch.stream().map(call -> call.question).toList())
                    .forEach((place, answer) -> batch.get(place).answer = answer);
        } catch (OutrunException e) {
            if (e.code().kind() == ErrorCode.Kind.EXTERNAL) {
                batch.forEach(call -> call.unavailable = e);
                giveUp(e);
            } // else nothing was done: each finds out alone whose fault it was
        } finally {
            made(batch);
        }
    }

    /** Answers those that have waited for too long already. */
    private void giveUp(OutrunException unavailable) {
        lock.lock();
        try {
            long now = System.nanoTime();
            for (Call next = waiting.peek();
                    next != null && now - next.since >= patienceNanos;
                    next = waiting.peek()) {
                waiting.remove();
                next.taken = true;
                next.unavailable = unavailable;
                next.made = true;
                next.changed.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    private void made(List<Call> batch) {
        lock.lock();
        try {
            underWay--;
            for (Call call : batch) {
                call.made = true;
                call.changed.signal();
            }
            wakeNext();
        } finally {
            lock.unlock();
        }
    }

    private void wakeNext() {
        Call next = waiting.peek();
        if (next != null && underWay < lanes) {
            next.changed.signal();
        }
    }
}
