package dev.outrun.worker;

import dev.outrun.ledger.AttemptLedger;
import dev.outrun.ledger.Claim;
import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.Wake;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The context of one attempt: checks what is emitted and puts it into the sink; what an earlier
 * attempt has done is taken from the log, and what has to be waited for gives the worker back.
 */
final class AttemptContext implements RunContext {

    private static final int DATA_BYTES_MAX = 1 << 20;
    private static final int STEP_NAME_MAX = 128;

    /** The seq of a signal that did not come. */
    private static final long NOT_IN_TIME = -1;

    private static final Pattern TYPE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}");

    private final Attempt.Key key;
    private final Claim claim;
    private final AttemptLedger ledger;
    private final EventSink sink;
    private final Ending ending;
    private final InstantSource clock;
    private final Journal journal;
    private volatile boolean suspended;

    AttemptContext(
            Attempt.Key key,
            Claim claim,
            AttemptLedger ledger,
            EventSink sink,
            Ending ending,
            InstantSource clock) {
        this.key = key;
        this.claim = claim;
        this.ledger = ledger;
        this.sink = sink;
        this.ending = ending;
        this.clock = clock;
        this.journal =
                new Journal(
                        from -> new HistoryPages(ledger, key.run(), from, Long.MAX_VALUE),
                        claim.nextSeq());
    }

    /**
     * Whether it has given the worker back: then the attempt has ended, however the handler does.
     */
    boolean isSuspended() {
        return suspended;
    }

    @Override
    public RunId runId() {
        return key.run();
    }

    @Override
    public int attempt() {
        return key.number();
    }

    @Override
    public void emit(String type, @Nullable Object data) {
        if (!TYPE.matcher(type).matches()
                || type.startsWith(EventTypes.RESERVED_PREFIX)
                || type.equals(EventTypes.STEP_COMPLETED)) {
            throw new OutrunException(
                    ErrorCode.INVALID_EVENTS, "'" + type + "' is not a type a handler may emit");
        }
        String what = "the data of '" + type + "'";
        write(type, json(data, what), what);
    }

    @Override
    public void flush() {
        interruptibly(sink::flush);
    }

    @Override
    public Iterable<Event> history() {
        return () -> new HistoryPages(ledger, key.run(), 0, claim.nextSeq());
    }

    @Override
    @SafeVarargs
    public final <T extends @Nullable Object, E extends Exception> T step(
            String name, Step<T, E> work, T... type) throws E {
        check(name);
        @SuppressWarnings("unchecked") // an array of the type that the caller infers
        Class<T> component = (Class<T>) type.getClass().getComponentType();
        return once(name, work, component);
    }

    @SuppressWarnings("NullAway") // null only where the work returned it
    private <T extends @Nullable Object, E extends Exception> T once(
            String name, Step<T, E> work, Class<T> type) throws E {
        String what = "the output of step '" + name + "'";
        byte[] done = journal.step(name);
        if (done != null) {
            return Stored.read(done, "/output", type, what);
        }
        String completed =
                "{\"name\":" + json(name, what) + ",\"output\":" + json(work.run(), what) + "}";
        // What a later attempt will get, this one gets too, and finds out if it cannot be read.
        T output = Stored.read(completed.getBytes(StandardCharsets.UTF_8), "/output", type, what);
        write(EventTypes.STEP_COMPLETED, completed, what);
        flush();
        return output;
    }

    @Override
    public void sleep(Duration time) {
        Journal.Wait begun = journal.sleep();
        if (begun == null) {
            suspend(Wake.at(after(time)), null);
        } else if (!isOver(begun)) {
            suspend(Wake.at(begun.until()), null);
        }
    }

    @Override
    public <T> @Nullable T awaitSignal(String name, Class<T> type) {
        while (true) {
            long nextSeq = readOn();
            Journal.Signal come = journal.signal(name);
            if (come != null) {
                return Stored.read(come.event(), "/data", type, "signal '" + name + "'");
            }
            suspend(Wake.on(name), nextSeq);
        }
    }

    @Override
    public <T> Optional<T> awaitSignal(String name, Class<T> type, Duration limit) {
        Optional<Journal.Signal> come = signalWithin(name, limit);
        return come.map(
                signal -> Stored.readSome(signal.event(), "/data", type, "signal '" + name + "'"));
    }

    /** Decided once: what comes later, or would have come in time, is for the next to wait. */
    private Optional<Journal.Signal> signalWithin(String name, Duration limit) {
        String step = Journal.awaited(name);
        byte[] decided = journal.step(step);
        if (decided != null) {
            long seq = Stored.readSome(decided, "/output", Long.class, step);
            return seq == NOT_IN_TIME ? Optional.empty() : Optional.of(journal.signal(name, seq));
        }
        Instant until = after(limit);
        while (true) {
            long nextSeq = readOn();
            Journal.Signal come = journal.signal(name);
            Journal.Wait begun = journal.timedWait(name);
            if (come != null || (begun != null && isOver(begun))) {
                once(step, () -> come == null ? NOT_IN_TIME : come.seq(), Long.class);
                return Optional.ofNullable(come);
            }
            suspend(new Wake(begun == null ? until : begun.until(), name, null), nextSeq);
        }
    }

    private boolean isOver(Journal.Wait wait) {
        return wait.isOver() || !clock.instant().isBefore(wait.until());
    }

    @Override
    public RunId startChild(String name, StartRun child) {
        check(name);
        StartRun own =
                child.toBuilder()
                        .tenant(new Tenant(claim.tenant()))
                        .child(
                                child.child() == null
                                        ? new StartRun.Child(key.run(), false, false)
                                        : child.child())
                        .idempotencyKey(key.run() + "/" + name)
                        .build();
        return RunId.parse(
                once(
                        Journal.OWN_STEPS + "child:" + name,
                        () -> Aside.ask(() -> ledger.start(own)).toString(),
                        String.class));
    }

    @Override
    public ChildResult awaitChild(RunId child) {
        while (true) {
            long nextSeq = readOn();
            ChildResult end = journal.child(child);
            if (end != null) {
                return end;
            }
            String one = Integer.toString(journal.childrenEnded(child) + 1);
            suspend(Wake.afterChildren(one), nextSeq);
        }
    }

    @Override
    public List<ChildResult> awaitChildren() {
        while (true) {
            long nextSeq = readOn();
            Optional<List<ChildResult>> all = journal.allChildren();
            if (all.isPresent()) {
                return all.get();
            }
            suspend(Wake.afterChildren("all"), nextSeq);
        }
    }

    /** Reads all that the log has, and returns the seq behind it. */
    private long readOn() {
        flush();
        return journal.read();
    }

    /**
     * Gives the worker back, which ends the attempt; returns only where the log has another next
     * seq than this by now.
     */
    private void suspend(Wake wake, @Nullable Long nextSeq) {
        flush();
        if (Aside.ask(() -> ending.suspended(wake, nextSeq))) {
            suspended = true;
            RunStoppedException over = new RunStoppedException("the run is suspended", null);
            sink.stop(over);
            throw over;
        }
    }

    /** As exact as the log has times. */
    private Instant after(Duration time) {
        if (time.isNegative()) {
            throw new OutrunException(ErrorCode.INVALID_REQUEST, "nobody waits for " + time);
        }
        return clock.instant().plus(time).truncatedTo(ChronoUnit.MICROS);
    }

    private static void check(String stepName) {
        if (stepName.isBlank()
                || stepName.length() > STEP_NAME_MAX
                || stepName.startsWith(Journal.OWN_STEPS)) {
            throw new OutrunException(
                    ErrorCode.INVALID_REQUEST, "'" + stepName + "' is not a name for a step");
        }
    }

    private static String json(@Nullable Object value, String what) {
        try {
            return JsonText.of(value);
        } catch (IllegalArgumentException e) {
            throw new OutrunException(ErrorCode.INVALID_EVENTS, what + " has no JSON", e);
        }
    }

    private void write(String type, String json, String what) {
        int bytes = json.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > DATA_BYTES_MAX) {
            throw new OutrunException(
                    ErrorCode.PAYLOAD_TOO_LARGE,
                    what + " has " + bytes + " bytes, more than " + DATA_BYTES_MAX);
        }
        interruptibly(() -> sink.add("{\"type\":\"" + type + "\",\"data\":" + json + "}", bytes));
    }

    private interface Interruptible {
        void run() throws InterruptedException;
    }

    private void interruptibly(Interruptible call) {
        try {
            call.run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw sink.whyInterrupted(e);
        }
    }
}
