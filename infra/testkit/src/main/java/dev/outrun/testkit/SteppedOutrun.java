package dev.outrun.testkit;

import dev.outrun.api.hub.Frame;
import dev.outrun.engine.EngineSettings;
import dev.outrun.engine.Guarantee;
import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.Wake;
import dev.outrun.ledger.memory.InMemoryLedger;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.work.Decision;
import dev.outrun.schema.work.Heartbeat;
import dev.outrun.schema.work.Interrupt;
import dev.outrun.schema.work.Task;
import dev.outrun.worker.RunHandler;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A whole Outrun in one thread, stepped under a virtual clock: ledger in memory, connector, engine,
 * recorder, a worker with the test's handlers, and the frames that readers get. The engine is the
 * real one, the attempts are made by the worker's own code; nothing waits, and the same seed gives
 * the same bytes.
 *
 * <pre>{@code
 * try (var outrun = SteppedOutrun.with(Map.of("greet", (run, input) -> {
 *     run.emit("greeting", "hello");
 *     return null;
 * })).open()) {
 *     RunId run = outrun.start("greet", "null");
 *     outrun.settle();
 *     assertEquals("greeting", outrun.log(run).get(2).type());
 * }
 * }</pre>
 *
 * <p>Time stands still until {@link #advance}. A handler may call the harness too, to have others
 * move, or time go by, while its attempt is live. For one thread.
 */
public final class SteppedOutrun implements AutoCloseable {

    /** How late a timer of the engine's may be. */
    private static final Duration GRAIN = Duration.ofMillis(10);

    private static final Duration HEARTBEAT = Duration.ofSeconds(1);

    /** As the engine's commit interval, at least once. */
    private static final Duration COMMIT = Duration.ofMillis(100);

    private static final int MOVES_SHOWN = 10;

    private final VirtualClock clock;
    private final InMemoryLedger ledger;
    private final Firehose firehose;
    private final SteppedEngine engine;
    private final SteppedWorker worker;
    private final SteppedConnector connector;
    private final Map<Part, Stepped> parts = new EnumMap<>(Part.class);
    private final EnumSet<Part> held = EnumSet.noneOf(Part.class);
    private final Chooser chooser;
    private final int movesMax;
    private final Consumer<Event> watcher;
    private final Set<RunId> live = new HashSet<>();
    private final Set<Heartbeat> others = new HashSet<>();
    private final Deque<String> lastMoves = new ArrayDeque<>();
    private Duration ahead = Duration.ZERO;
    private Instant committed;
    private Instant heardFrom;

    private SteppedOutrun(Builder of) {
        clock = new VirtualClock(of.start);
        chooser = new Chooser(new Random(of.seed), of.interleaved);
        movesMax = of.movesMax;
        watcher = of.watcher;
        committed = clock.instant();
        heardFrom = clock.instant();
        firehose = new Firehose(of.shards);
        connector = new SteppedConnector(firehose);
        ledger = new InMemoryLedger(clock, of.shards, new RisingIds(of.seed), this::committed);
        ledger.registerHandlers(of.handlers.keySet());
        engine = new SteppedEngine(of.engine, of.guarantee, firehose, of.shards, clock, chooser);
        worker =
                new SteppedWorker(
                        ledger,
                        of.handlers,
                        engine.tasks(),
                        engine.interrupts(),
                        clock,
                        new HandlerLimits(of.handlerWaitMax, of.handlerEventsMax));
        parts.put(Part.CONNECTOR, connector);
        parts.put(Part.ENGINE, engine);
        parts.put(Part.RECORDER, new SteppedRecorder(ledger, engine.decisions()));
        parts.put(Part.WORKER, worker);
        showLife();
        settle();
    }

    /**
     * Plays an exported run again, as {@code ./outrun run export} has written it: what came from
     * outside is done when it was done, and what the engine and the ledger made of it must come to
     * be again. Handlers are not called.
     *
     * @throws AssertionError at the first event that is not the same: its seq, what was expected
     *     and what was found
     * @throws IllegalArgumentException if the file is no exported run, or a fork
     */
    public static void replay(Path file) {
        ExportedRun exported = ExportedRun.read(file);
        Instant start = exported.events().getFirst().time();
        try (SteppedOutrun outrun = with(Map.of()).shards(1).startingAt(start).open()) {
            new Replay(exported, outrun).play();
        }
    }

    /** A harness with these handlers, to be opened. */
    public static Builder with(Map<String, RunHandler> handlers) {
        return new Builder(handlers);
    }

    /** What a harness is; what is not said has the default. */
    public static final class Builder {

        private static final int SHARDS_MAX = 1_024;

        private final Map<String, RunHandler> handlers;
        private Instant start = Instant.parse("2026-01-01T00:00:00Z");
        private long seed = 1;
        private boolean interleaved;
        private int shards = 4;
        private EngineSettings engine = EngineSettings.DEFAULT;
        private Guarantee guarantee = Guarantee.AT_LEAST_ONCE;
        private int movesMax = 100_000;
        private Duration handlerWaitMax = Duration.ofSeconds(5);
        private int handlerEventsMax = 100_000;
        private Consumer<Event> watcher = event -> {};

        private Builder(Map<String, RunHandler> handlers) {
            this.handlers = Map.copyOf(handlers);
        }

        /** What ids and every choice follow from. */
        public Builder seed(long value) {
            seed = value;
            return this;
        }

        /**
         * Which part moves next is the seed's choice. Without it, a part moves when those before it
         * on an event's way have nothing to do.
         */
        public Builder interleaved() {
            interleaved = true;
            return this;
        }

        /** How many shards there are; 1 to 1,024. */
        public Builder shards(int value) {
            if (value < 1 || value > SHARDS_MAX) {
                throw new IllegalArgumentException(
                        "there are 1 to " + SHARDS_MAX + " shards, not " + value);
            }
            shards = value;
            return this;
        }

        /** When it begins. */
        public Builder startingAt(Instant value) {
            start = value;
            return this;
        }

        /** What the engine's operator says. */
        public Builder engine(EngineSettings value) {
            engine = value;
            return this;
        }

        /**
         * What the engine's crashes do to what it has said since it last noted how far it has come:
         * nothing, or, exactly once, that it was never said. Then it is heard when the engine has
         * noted so, which it does as soon as it has nothing to read.
         */
        public Builder guarantee(Guarantee value) {
            guarantee = value;
            return this;
        }

        /** After how many moves {@link SteppedOutrun#settle} gives up. */
        public Builder movesMax(int value) {
            movesMax = value;
            return this;
        }

        /** How long a handler may take, by the real clock, before it is interrupted. */
        public Builder handlerWaitMax(Duration value) {
            handlerWaitMax = value;
            return this;
        }

        /** How many events a handler may emit in one attempt. */
        public Builder handlerEventsMax(int value) {
            handlerEventsMax = value;
            return this;
        }

        /** Who hears of every event, of every log, as it is committed. */
        public Builder watchedBy(Consumer<Event> value) {
            watcher = value;
            return this;
        }

        public SteppedOutrun open() {
            return new SteppedOutrun(this);
        }
    }

    /** What time it is. */
    public Instant now() {
        return clock.instant();
    }

    /** The ledger, for all that is not named here. */
    public Ledger ledger() {
        return ledger;
    }

    /** Starts a run; input is JSON text. */
    public RunId start(String handler, String input) {
        return ledger.start(StartRun.of(handler, input));
    }

    public RunId start(StartRun start) {
        return ledger.start(start);
    }

    public RunStatus cancel(RunId run) {
        return ledger.cancel(run, null);
    }

    /** Tells a run something, JSON text. */
    public void signal(RunId run, String name, String data) {
        ledger.signal(run, name, data);
    }

    /** Suspends a run in the place of the worker that makes its attempt. */
    public void suspend(RunId run, Wake wake) {
        ledger.suspend(run, ledger.run(run).orElseThrow().attempt(), wake, null);
    }

    /** Changes what a queue keeps to: JSON text, as {@link Ledger#changeQueue} takes it. */
    public void changeQueue(String queue, String change) {
        ledger.changeQueue(queue, change);
    }

    /** Makes a schedule: JSON text, as {@link Ledger#putSchedule} takes it. */
    public void putSchedule(String name, String schedule) {
        ledger.putSchedule(Tenant.DEFAULT, name, schedule);
    }

    /** What the worker has not taken yet. */
    public Mailbox<Task> tasks() {
        return engine.tasks();
    }

    /** What the recorder has not recorded yet. */
    public Mailbox<Decision> decisions() {
        return engine.decisions();
    }

    /** What the worker has not heard yet. */
    public Mailbox<Interrupt> interrupts() {
        return engine.interrupts();
    }

    /** Makes one smallest move of one part, and says whose; empty: nothing moves at this time. */
    public Optional<Part> step() {
        List<Part> waiting = new ArrayList<>(EnumSet.complementOf(held));
        while (!waiting.isEmpty()) {
            Part part = waiting.remove(chooser.below(waiting.size()));
            if (step(part)) {
                return Optional.of(part);
            }
        }
        return Optional.empty();
    }

    /** Makes one move of this part, held or not; false: it has nothing to do. */
    public boolean step(Part part) {
        String moved = part(part).move();
        if (moved == null) {
            return false;
        }
        lastMoves.add(part + " " + moved);
        if (lastMoves.size() > MOVES_SHOWN) {
            lastMoves.remove();
        }
        return true;
    }

    /**
     * Steps until nothing moves at this time.
     *
     * @throws IllegalStateException if that does not come, or a handler waits
     */
    public void settle() {
        for (int moves = 0; step().isPresent(); moves++) {
            if (moves >= movesMax) {
                throw new IllegalStateException(
                        "not settled after %,d moves; the last were:%n  %s"
                                .formatted(movesMax, String.join("%n  ".formatted(), lastMoves)));
            }
        }
    }

    /**
     * Lets time go by, and settles whenever something is due in it.
     *
     * @param by whole milliseconds
     */
    public void advance(Duration by) {
        if (by.isNegative()) {
            throw new IllegalArgumentException("time does not go back by " + by);
        }
        advanceTo(clock.instant().plus(by));
    }

    /** The same up to a time; nothing where it has passed. */
    public void advanceTo(Instant until) {
        settle();
        while (clock.instant().isBefore(until)) {
            clock.moveTo(nextStop(until));
            if (!Duration.between(heardFrom, clock.instant()).minus(HEARTBEAT).isNegative()) {
                showLife();
            }
            if (!held.contains(Part.ENGINE)) {
                engine.lookAtTheClock(clock.instant());
            }
            settle();
            if (!Duration.between(committed, clock.instant()).minus(COMMIT).isNegative()) {
                commit();
            }
        }
    }

    private Instant nextStop(Instant until) {
        Instant stop = until;
        Instant due = held.contains(Part.ENGINE) ? null : engine.nextDue();
        if (due != null) {
            Instant soonest = clock.instant().plus(GRAIN);
            stop = earlier(stop, due.isBefore(soonest) ? soonest : wholeMillis(due));
        }
        // While attempts are live, the engine looks whether their worker is.
        return live.isEmpty() ? stop : earlier(stop, clock.instant().plus(HEARTBEAT));
    }

    private static Instant earlier(Instant a, Instant b) {
        return a.isBefore(b) ? a : b;
    }

    private static Instant wholeMillis(Instant time) {
        Instant down = Instant.ofEpochMilli(time.toEpochMilli());
        return down.equals(time) ? down : down.plusMillis(1);
    }

    /** Every part that is not held notes how far it has come; else they do so as time goes by. */
    public void commit() {
        committed = clock.instant();
        parts.forEach((part, stepped) -> {
            if (!held.contains(part)) {
                stepped.commit();
            }
        });
    }

    /** A part stands still, whatever happens; a worker shows no life, an engine hears no clock. */
    public void hold(Part part) {
        held.add(part);
    }

    /** A part that was held goes on. */
    public void release(Part part) {
        held.remove(part);
        if (part == Part.WORKER) {
            showLife();
        } else if (part == Part.ENGINE) {
            engine.lookAtTheClock(clock.instant());
        }
    }

    /**
     * A part dies and is there again, knowing only what it had noted: the engine has what it had
     * committed and reads on from there, the connector as well, decisions since then come again.
     * The worker's attempts end unsaid; what their handlers had not flushed is gone.
     */
    public void crash(Part part) {
        part(part).crash();
        if (part == Part.WORKER) {
            showLife();
        }
    }

    /** A run's log, as the ledger has it. */
    public List<Event> log(RunId run) {
        return ledger.events(run, 0, Integer.MAX_VALUE);
    }

    /** The types of the events of a run's log. */
    public List<String> types(RunId run) {
        return log(run).stream().map(Event::type).toList();
    }

    /** What of a run is published, as the API writes it into an event stream, frame by frame. */
    public List<String> frames(RunId run) {
        return firehose.of(run).stream()
                .map(event -> new String(Frame.of(event).bytes(), StandardCharsets.UTF_8))
                .toList();
    }

    public RunStatus status(RunId run) {
        return ledger.run(run).orElseThrow().status();
    }

    @Override
    public void close() {
        engine.close();
    }

    private Stepped part(Part part) {
        return Objects.requireNonNull(parts.get(part));
    }

    private void showLife() {
        heardFrom = clock.instant();
        others.forEach(engine::hear);
        if (!held.contains(Part.WORKER)) {
            engine.hear(worker.heartbeat());
        }
    }

    /** Another worker, whose attempts the test makes itself, shows from now on that it lives. */
    void keepAlive(Heartbeat other) {
        others.add(other);
        engine.hear(other);
    }

    /** The engine's clock goes a timer's grain ahead of all others. */
    void lookAhead() {
        ahead = ahead.plus(GRAIN);
        engine.lookAtTheClock(clock.instant().plus(ahead));
        settle();
    }

    /** What is written next is written at this time, which may be before the engine's. */
    void setLedgerClock(Instant time) {
        clock.moveTo(time);
        ahead = Duration.ZERO;
    }

    private void committed(int shard, Event event) {
        watcher.accept(event);
        connector.committed(shard, event);
        switch (event.type()) {
            case EventTypes.ATTEMPT_STARTED -> live.add(event.run());
            case EventTypes.ATTEMPT_FAILED,
                    EventTypes.SUSPENDED,
                    EventTypes.FORKED,
                    EventTypes.COMPLETED,
                    EventTypes.FAILED,
                    EventTypes.CANCELLED ->
                    live.remove(event.run());
            default -> {}
        }
    }
}
