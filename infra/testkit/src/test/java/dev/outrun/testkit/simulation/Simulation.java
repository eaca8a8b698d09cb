package dev.outrun.testkit.simulation;

import dev.outrun.engine.EngineSettings;
import dev.outrun.engine.Guarantee;
import dev.outrun.engine.run.Patience;
import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.StartRun;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.testkit.Mailbox;
import dev.outrun.testkit.Part;
import dev.outrun.testkit.SteppedOutrun;
import dev.outrun.worker.RunHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Consumer;

/**
 * One random program, all of which follows from its seed: runs of all kinds are started, told
 * things and driven again; queues and schedules are changed; parts stand still and die; what the
 * engine says is lost, doubled and shuffled. Then the world is put right, and everything has to
 * come to its end.
 */
final class Simulation implements AutoCloseable {

    private static final int ACTIONS_MIN = 20;
    private static final int ACTIONS_MAX = 60;
    private static final List<String> QUEUES = List.of("default", "narrow", "timed");
    private static final List<Part> PARTS = List.of(Part.values());
    private static final List<String> HANDLERS = List.of("a", "b");
    private static final Duration ROUND = Duration.ofMinutes(5);
    private static final int ROUNDS_MAX = 20;

    /** What became of a program. */
    record Result(long seed, int runs, int events, List<String> broken) {

        boolean isGood() {
            return broken.isEmpty();
        }

        @Override
        public String toString() {
            return "seed %d, again with: ./outrun simulate --seeds 1 --seed %d%n  %s"
                    .formatted(seed, seed, String.join("\n  ", broken));
        }
    }

    private final long seed;
    private final Random random;
    private final Laws laws = new Laws();
    private final Script script;
    private final SteppedOutrun outrun;
    private final Map<String, RunId> deduped = new HashMap<>();
    private int number;

    private Simulation(long seed) {
        this.seed = seed;
        this.random = new Random(seed);
        random.nextLong(); // the first numbers of seeds in a row are much alike
        this.script = new Script(seed);
        Map<String, RunHandler> handlers = new HashMap<>();
        for (String handler : HANDLERS) {
            handlers.put(
                    handler,
                    (run, input) -> {
                        laws.called(run.runId(), run.attempt());
                        return script.play(self(), run, input);
                    });
        }
        SteppedOutrun.Builder builder =
                SteppedOutrun.with(handlers)
                        .seed(seed)
                        .shards(1 + random.nextInt(3))
                        .engine(
                                new EngineSettings(
                                        Patience.DEFAULT,
                                        Duration.ofSeconds(10),
                                        1 + random.nextInt(3)))
                        .guarantee(
                                seed % 2 == 0 ? Guarantee.EXACTLY_ONCE_V2 : Guarantee.AT_LEAST_ONCE)
                        .watchedBy(laws::committed);
        this.outrun = (random.nextBoolean() ? builder.interleaved() : builder).open();
    }

    /** Plays the program of this seed. */
    static Result of(long seed) {
        try (Simulation simulation = new Simulation(seed)) {
            return simulation.play();
        }
    }

    @Override
    public void close() {
        outrun.close();
    }

    /** For handlers, which are made before it is. */
    private SteppedOutrun self() {
        return Objects.requireNonNull(outrun);
    }

    private Result play() {
        try {
            for (int left = random.nextInt(ACTIONS_MIN, ACTIONS_MAX); left > 0; left--) {
                act();
            }
            putRight();
            new Parade(outrun, laws, random).march();
            laws.runs().keySet().forEach(this::isPublished);
        } catch (RuntimeException e) {
            laws.expect(false, "it", "threw " + e);
        }
        return new Result(seed, laws.runs().size(), laws.events(), List.copyOf(laws.broken()));
    }

    private void isPublished(RunId run) {
        int published = outrun.frames(run).size();
        int written = outrun.log(run).size();
        laws.expect(published == written, run, published + " of " + written + " are published");
    }

    private void act() {
        switch (random.nextInt(60)) {
            case 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 -> start();
            case 14, 15 -> startFlow();
            case 16, 17, 18 -> told(run -> outrun.cancel(run));
            case 19, 20, 21 -> told(run -> outrun.signal(run, "go", "1"));
            case 22 -> told(ledger()::resume);
            case 23, 24 -> told(this::fork);
            case 25 -> told(run -> copied(() -> ledger().redrive(run, null)));
            case 26 -> copied(() -> ledger().redrive(queue(), null, null, 3));
            case 27, 28, 29, 30 -> changeQueue();
            case 31 -> tried(() -> ledger().obliterate(queue(), 2));
            case 32, 33 -> schedule();
            case 34, 35, 36, 37, 38, 39, 40 -> steps(1 + random.nextInt(40));
            case 41, 42, 43, 44, 45, 46 -> outrun.advance(some(20_000));
            case 47 -> outrun.advance(some(100_000));
            case 48, 49, 50 -> outrun.crash(part());
            case 51, 52 -> outrun.hold(part());
            case 53, 54 -> outrun.release(part());
            case 55, 56 -> mailbox().duplicate();
            case 57, 58 -> mailbox().shuffle();
            default -> mailbox().lose();
        }
    }

    private void start() {
        StartRun.Builder run =
                StartRun.with(HANDLERS.get(random.nextInt(2)), Integer.toString(number++))
                        .queue(queue())
                        .priority(random.nextInt(3))
                        .concurrencyKey(random.nextInt(3) == 0 ? "k" + random.nextInt(2) : null)
                        .timeoutMs(random.nextInt(8) == 0 ? 1_000L + random.nextInt(30_000) : null)
                        .attemptTimeoutMs(random.nextInt(8) == 0 ? 1_000L : null)
                        .runAt(random.nextInt(6) == 0 ? outrun.now().plus(some(9_000)) : null);
        if (random.nextInt(3) == 0) {
            run.retry("{\"max_attempts\":" + (1 + random.nextInt(3)) + ",\"delay_ms\":400}");
        }
        if (random.nextInt(8) == 0) {
            startOnce(run);
        } else {
            tried(() -> outrun.start(run.build()));
        }
    }

    /** As long as one with the same key is open, that one is meant. */
    private void startOnce(StartRun.Builder run) {
        String key = "once " + random.nextInt(2);
        String queue = queue();
        tried(() -> {
            RunId found =
                    outrun.start(run.queue(queue).dedupe(new StartRun.Dedupe(key, null)).build());
            RunId before = deduped.put(queue + key, found);
            RunLaws earlier = before == null ? null : laws.runs().get(before);
            laws.expect(
                    earlier == null || earlier.closed || found.equals(before),
                    found,
                    "is started beside " + before);
        });
    }

    private void startFlow() {
        String leaf = "{\"handler\":\"b\",\"input\":" + (Script.PLAIN + number++) + "}";
        String failing =
                "{\"handler\":\"a\",\"input\":%d,\"on_failure\":\"fail_parent\",\"queue\":\"%s\"}"
                        .formatted(Script.CHILDREN + 500_000 + number++, queue());
        tried(() ->
                ledger().startFlow(
                                Tenant.DEFAULT,
                                "{\"handler\":\"a\",\"input\":%d,\"wait_for\":\"%s\",\"children\":[%s,%s]}"
                                        .formatted(
                                                Script.PLAIN + number++,
                                                random.nextBoolean() ? "all" : "any",
                                                leaf,
                                                failing)));
    }

    private void told(Consumer<RunId> what) {
        List<RunId> runs = new ArrayList<>(laws.runs().keySet());
        if (!runs.isEmpty()) {
            RunId run = runs.get(random.nextInt(runs.size()));
            tried(() -> what.accept(run));
        }
    }

    private void fork(RunId run) {
        long at = 1L + random.nextInt(outrun.log(run).size());
        copied(() -> ledger().fork(run, at, null));
    }

    private void copied(Runnable what) {
        laws.copying(true);
        try {
            tried(what);
        } finally {
            laws.copying(false);
        }
    }

    /** Width and limits of a queue, or its mode; a width never shrinks. */
    private void changeQueue() {
        String queue = queue();
        String change =
                switch (random.nextInt(6)) {
                    case 0 -> "{\"mode\":\"paused\"}";
                    case 1 -> "{\"mode\":\"draining\"}";
                    case 2 -> "{\"mode\":\"active\",\"order\":\"lifo\"}";
                    case 3 -> "{\"mode\":\"active\",\"width\":" + (1 + random.nextInt(2)) + "}";
                    case 4 ->
                            "{\"mode\":\"active\",\"concurrency\":%d,\"concurrency_per_key\":%s}"
                                    .formatted(
                                            2 + random.nextInt(2),
                                            random.nextBoolean() ? "1" : "null");
                    default ->
                            "{\"mode\":\"active\",\"rate\":{\"limit\":%d,\"per_ms\":%d}}"
                                    .formatted(2 + random.nextInt(2), 500 + random.nextInt(5_000));
                };
        change(queue, change);
    }

    private void change(String queue, String change) {
        tried(() -> laws.changed(ledger().changeQueue(queue, change)));
    }

    private void schedule() {
        String name = "s" + random.nextInt(2);
        switch (random.nextInt(5)) {
            case 0 -> tried(() -> ledger().pauseSchedule(Tenant.DEFAULT, name));
            case 1 -> tried(() -> ledger().resumeSchedule(Tenant.DEFAULT, name));
            case 2 -> tried(() -> ledger().deleteSchedule(Tenant.DEFAULT, name));
            default ->
                    tried(() ->
                            outrun.putSchedule(
                                    name,
                                    "{\"every_ms\":%d,\"catch_up\":\"%s\",\"run\":{\"handler\":\"b\",\"input\":%d}}"
                                            .formatted(
                                                    2_000 + random.nextInt(9_000),
                                                    List.of("skip", "one", "all")
                                                            .get(random.nextInt(3)),
                                                    Script.PLAIN + number++)));
        }
    }

    private void steps(int most) {
        for (int left = most; left > 0 && outrun.step().isPresent(); left--) {}
    }

    /** Nothing is broken any more, nobody waits for a word, and there is time. */
    private void putRight() {
        for (Part part : PARTS) {
            outrun.release(part);
        }
        for (String name : List.of("s0", "s1")) {
            tried(() -> ledger().deleteSchedule(Tenant.DEFAULT, name));
        }
        QUEUES.forEach(queue -> change(queue, "{\"mode\":\"active\"}"));
        for (int round = 0; round < ROUNDS_MAX && !open().isEmpty(); round++) {
            outrun.advance(ROUND);
            open().stream()
                    .filter(run -> run.suspended)
                    .forEach(run -> {
                        tried(() -> ledger().resume(run.id));
                    });
        }
        for (RunLaws run : open()) {
            laws.expect(false, run, "is forgotten: " + outrun.types(run.id));
        }
    }

    private List<RunLaws> open() {
        return laws.runs().values().stream().filter(run -> !run.closed).toList();
    }

    /** What a user may be refused, a program may be. */
    private static void tried(Runnable what) {
        try {
            what.run();
        } catch (OutrunException e) {
            if (e.code().kind() != ErrorCode.Kind.USER) {
                throw e;
            }
        }
    }

    private Ledger ledger() {
        return outrun.ledger();
    }

    private String queue() {
        return QUEUES.get(random.nextInt(QUEUES.size()));
    }

    private Part part() {
        return PARTS.get(random.nextInt(PARTS.size()));
    }

    private Mailbox<?> mailbox() {
        return switch (random.nextInt(3)) {
            case 0 -> outrun.tasks();
            case 1 -> outrun.decisions();
            default -> outrun.interrupts();
        };
    }

    private Duration some(int millisMax) {
        return Duration.ofMillis(1 + random.nextInt(millisMax));
    }
}
