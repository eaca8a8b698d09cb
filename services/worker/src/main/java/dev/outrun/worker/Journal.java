package dev.outrun.worker;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What a run's log has for a handler that begins anew: the steps that are done, the signals that
 * have come, the sleeps that were begun, the children that have ended. Read as far as it is asked
 * for; what is taken is the earliest that was not taken before. Thread-safe.
 */
final class Journal {

    /** What the names of steps that no handler has named start with. */
    static final String OWN_STEPS = "outrun:";

    /** An attempt that finds no more than the request and its own start has nothing behind it. */
    private static final long FRESH = 2;

    private final LongFunction<Iterator<Event>> log;
    private final long firstOwnSeq;
    private final Map<String, Deque<byte[]>> steps = new HashMap<>();
    private final Map<String, Deque<Signal>> signals = new HashMap<>();
    private final Map<String, Wait> timedWaits = new HashMap<>();
    private final Deque<Wait> sleeps = new ArrayDeque<>();
    private final Set<RunId> children = new LinkedHashSet<>();
    private final Map<RunId, ChildResult> ended = new HashMap<>();
    private @Nullable Wait last;
    private long nextSeq;

    /** A signal. */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares signals
    record Signal(long seq, byte[] event) {}

    /** A wait with an end, which an attempt has begun. */
    static final class Wait {
        private final Instant until;
        private final @Nullable String signal;
        private boolean over;

        private Wait(Instant until, @Nullable String signal) {
            this.until = until;
            this.signal = signal;
        }

        Instant until() {
            return until;
        }

        /** Whether its end has come; of a sleep also, whether somebody has cut it short. */
        boolean isOver() {
            return over;
        }

        private void resumed(String by) {
            over = signal == null || by.equals("time");
        }
    }

    private record Named(@Nullable String name) {}

    private record Suspended(
            @Nullable Instant until, @Nullable String signal, @Nullable String children) {}

    private record Resumed(String by) {}

    private record OfChild(String child, @Nullable String status) {}

    /**
     * Of this log.
     *
     * @param log reads it from a seq on, as far as it goes then
     * @param firstOwnSeq of the attempt's own first event
     */
    Journal(LongFunction<Iterator<Event>> log, long firstOwnSeq) {
        this.log = log;
        this.firstOwnSeq = firstOwnSeq;
        this.nextSeq = firstOwnSeq <= FRESH ? firstOwnSeq : 0;
    }

    /** The data of the step of this name that an earlier attempt has done; null if none has. */
    synchronized byte @Nullable [] step(String name) {
        if (nextSeq < firstOwnSeq) {
            read();
        }
        Deque<byte[]> done = steps.get(name);
        return done == null ? null : done.poll();
    }

    /** The sleep that an earlier attempt has begun; null if there is none. */
    synchronized @Nullable Wait sleep() {
        if (nextSeq < firstOwnSeq) {
            read();
        }
        return sleeps.poll();
    }

    /** The wait for this signal that has an end and is not decided yet; null if there is none. */
    synchronized @Nullable Wait timedWait(String signal) {
        return timedWaits.get(awaited(signal));
    }

    /** The name of the step that says how a wait with an end was decided. */
    static String awaited(String signal) {
        return OWN_STEPS + "signal:" + signal;
    }

    /** The next signal of this name; null if there is none yet. */
    synchronized @Nullable Signal signal(String name) {
        Deque<Signal> come = signals.get(name);
        return come == null ? null : come.poll();
    }

    /** The signal of this name that an earlier attempt has taken. */
    synchronized Signal signal(String name, long seq) {
        Deque<Signal> come = signals.getOrDefault(name, new ArrayDeque<>());
        for (Signal signal : come) {
            if (signal.seq() == seq) {
                come.remove(signal);
                return signal;
            }
        }
        throw new IllegalStateException("there is no signal '" + name + "' at seq " + seq);
    }

    /** How this child has ended; null if it has not yet. */
    synchronized @Nullable ChildResult child(RunId child) {
        return ended.get(child);
    }

    /** How all of its children have ended, in the order they were started; empty: not all have. */
    synchronized Optional<List<ChildResult>> allChildren() {
        return ended.keySet().containsAll(children)
                ? Optional.of(children.stream().map(ended::get).toList())
                : Optional.empty();
    }

    /**
     * How many of its children have ended.
     *
     * @throws OutrunException {@code invalid_request} if this is none of them that still may
     */
    synchronized int childrenEnded(RunId child) {
        if (!children.contains(child)) {
            throw new OutrunException(
                    ErrorCode.INVALID_REQUEST, child + " is not a child of this run");
        }
        return ended.size();
    }

    /** Reads what was written since, and returns the seq behind it. */
    synchronized long read() {
        Iterator<Event> events = log.apply(nextSeq);
        while (events.hasNext()) {
            Event event = events.next();
            try {
                add(event);
            } catch (IllegalArgumentException e) { // somebody has written it by hand
                throw new NonRetryableException(
                        Stored.UNREADABLE, "event " + event.seq() + " is no " + event.type(), e);
            }
            nextSeq = event.seq() + 1;
        }
        return nextSeq;
    }

    private void add(Event event) {
        byte[] data = event.data();
        switch (event.type()) {
            case EventTypes.STEP_COMPLETED -> addStep(event.seq(), data);
            case EventTypes.SIGNAL_RECEIVED ->
                    signals.computeIfAbsent(name(data), name -> new ArrayDeque<>())
                            .add(new Signal(event.seq(), data));
            case EventTypes.SUSPENDED -> suspended(WireJson.read(data, Suspended.class));
            case EventTypes.RESUMED -> resumed(WireJson.read(data, Resumed.class).by());
            case EventTypes.CHILD_STARTED ->
                    children.add(RunId.parse(WireJson.read(data, OfChild.class).child()));
            case EventTypes.CHILD_ENDED -> {
                OfChild end = WireJson.read(data, OfChild.class);
                RunId child = RunId.parse(end.child());
                RunStatus status = RunStatus.of(Objects.requireNonNull(end.status()));
                ended.put(child, new ChildResult(child, status, data));
            }
            case EventTypes.FORKED -> children.retainAll(ended.keySet()); // the other run's
            default -> {}
        }
    }

    private void addStep(long seq, byte[] data) {
        String name = name(data);
        timedWaits.remove(name); // it is decided
        if (seq < firstOwnSeq) {
            steps.computeIfAbsent(name, any -> new ArrayDeque<>()).add(data);
        }
    }

    private static String name(byte[] data) {
        String name = WireJson.read(data, Named.class).name();
        if (name == null) {
            throw new IllegalArgumentException("it has no name");
        }
        return name;
    }

    private void suspended(Suspended wait) {
        Instant until = wait.until();
        String signal = wait.signal();
        if (until == null) {
            last = null;
        } else if (signal != null) {
            last = timedWaits.computeIfAbsent(awaited(signal), any -> new Wait(until, signal));
        } else if (last == null || last.over || !last.until.equals(until)) {
            last = new Wait(until, null);
            sleeps.add(last);
        } // else a fork goes on with the same sleep
    }

    private void resumed(String by) {
        if (last != null) {
            last.resumed(by);
        }
    }
}
