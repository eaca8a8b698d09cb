package dev.outrun.engine;

import dev.outrun.engine.run.TestLog;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.topic.Topics;
import dev.outrun.schema.work.Decision;
import dev.outrun.schema.work.Heartbeat;
import dev.outrun.schema.work.RunView;
import dev.outrun.schema.work.Task;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Everything around the engines, at work: runs are requested one after the other, a worker claims
 * attempts and takes some turns for each, decisions are recorded. A third of the runs fail at first
 * and are tried again. Tasks and decisions count on condition, as the ledger has it. For one
 * thread.
 */
final class WorkInFlight {

    private static final Duration DEADLINE = Duration.ofMinutes(2);
    private static final Duration TURN = Duration.ofMillis(20);
    private static final Duration HEARTBEAT_EVERY = Duration.ofSeconds(1);
    private static final Heartbeat HEARTBEAT = new Heartbeat("w", 1, false);

    /** An attempt takes up to so many turns. */
    private static final int TURNS_MAX = 50;

    private final Topics names;
    private final EngineTopics topics;
    private final int shards;
    private final SplittableRandom random;
    private final CompletableFuture<Throwable> failure;
    private final Map<String, Run> runs = new LinkedHashMap<>();
    private final Map<String, RunView> views = new HashMap<>();
    private final Map<Task, Integer> tasks = new HashMap<>();
    private final List<Decision> unexpected = new ArrayList<>();
    private boolean requesting = true;
    private long heartbeatAt = System.nanoTime();
    private int turn;

    /** Where a run is, for the ledger. */
    private enum Stage {
        QUEUED,
        LIVE,
        FAILED,
        COMPLETED
    }

    private static final class Run {

        private final TestLog log;
        private final boolean failsAtFirst;
        private Stage stage = Stage.QUEUED;
        private int attempt;
        private int endsAt;

        Run(TestLog log, boolean failsAtFirst) {
            this.log = log;
            this.failsAtFirst = failsAtFirst;
        }

        int attempts() {
            return failsAtFirst ? 2 : 1;
        }
    }

    /**
     * Of a seed.
     *
     * @param failure of any of the engines
     */
    WorkInFlight(
            Topics names,
            EngineTopics topics,
            int shards,
            long seed,
            CompletableFuture<Throwable> failure) {
        this.names = names;
        this.topics = topics;
        this.shards = shards;
        this.random = new SplittableRandom(seed);
        this.failure = failure;
    }

    /** Work goes on until something has come about. */
    void until(String what, BooleanSupplier done) {
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        while (!done.getAsBoolean()) {
            if (System.nanoTime() > deadline || failure.isDone()) {
                throw new AssertionError("not " + what + ": " + this, failure.getNow(null));
            }
            turn();
        }
    }

    /** Work goes on for so many more runs. */
    void untilRequested(int more) {
        int enough = runs.size() + more;
        until(more + " more runs", () -> runs.size() >= enough);
    }

    /** No further run is requested; those there are end, and the engines know it. */
    void untilAllAreCompleted() {
        requesting = false;
        until(
                "all completed",
                () ->
                        runs.values().stream().allMatch(run -> run.stage == Stage.COMPLETED)
                                && runs.values().stream().allMatch(this::isSeenCompleted));
    }

    private boolean isSeenCompleted(Run run) {
        return run.log.view("completed").equals(views.get(run.log.run().toString()));
    }

    /** Runs that had another number of attempts than they should have. */
    List<String> wronglyAttempted() {
        return runs.values().stream()
                .filter(run -> run.attempt != run.attempts())
                .map(run -> run.log.run() + " had " + run.attempt + " of " + run.attempts())
                .toList();
    }

    /** Tasks that came more than once. */
    List<Task> repeatedTasks() {
        return tasks.entrySet().stream()
                .filter(each -> each.getValue() > 1)
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Decisions nobody here has given cause for. */
    List<Decision> unexpectedDecisions() {
        return unexpected;
    }

    private void turn() {
        turn++;
        if (System.nanoTime() >= heartbeatAt) {
            heartbeatAt = System.nanoTime() + HEARTBEAT_EVERY.toNanos();
            topics.heartbeat(HEARTBEAT);
        }
        if (requesting) {
            request();
        }
        runs.values().stream()
                .filter(run -> run.stage == Stage.LIVE && run.endsAt <= turn)
                .forEach(WorkInFlight::end);
        topics.poll(TURN).forEach(this::take);
    }

    private void request() {
        int shard = random.nextInt(shards);
        TestLog log =
                new TestLog(
                        "run " + runs.size(),
                        InstantSource.system(),
                        event -> topics.publish(shard, event));
        runs.put(log.run().toString(), new Run(log, random.nextInt(3) == 0));
        log.requested();
    }

    private static void end(Run run) {
        run.log.write("token.delta", "1");
        if (run.attempt < run.attempts()) {
            run.stage = Stage.FAILED;
            run.log.failed();
        } else {
            run.stage = Stage.COMPLETED;
            run.log.completed();
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> said) {
        if (said.topic().equals(names.tasks())) {
            claim(WireJson.read(said.value(), Task.class));
        } else if (said.topic().equals(names.decisions())) {
            record(WireJson.read(said.value(), Decision.class));
        } else if (said.topic().equals(names.runs())) {
            RunView view = WireJson.read(said.value(), RunView.class);
            views.put(view.run(), view);
        }
    }

    private void claim(Task task) {
        tasks.merge(task, 1, Integer::sum);
        Run run = Objects.requireNonNull(runs.get(task.run()));
        if (run.stage == Stage.QUEUED && task.attempt() == run.attempt + 1) {
            run.attempt++;
            run.stage = Stage.LIVE;
            run.endsAt = turn + random.nextInt(TURNS_MAX);
            run.log.started(Heartbeat.claimant(HEARTBEAT.worker(), HEARTBEAT.session()));
        }
    }

    private void record(Decision decision) {
        if (!(decision instanceof Decision.Retry retry)) {
            unexpected.add(decision);
            return;
        }
        Run run = Objects.requireNonNull(runs.get(retry.run()));
        if (run.stage == Stage.FAILED && retry.attempt() == run.attempt) {
            run.stage = Stage.QUEUED;
            run.log.retryScheduled(retry.at());
        }
    }

    @Override
    public String toString() {
        Map<Stage, Integer> stages = new HashMap<>();
        runs.values().forEach(run -> stages.merge(run.stage, 1, Integer::sum));
        return stages
                + ", not seen completed: "
                + runs.values().stream()
                        .filter(run -> !isSeenCompleted(run))
                        .map(run -> run.log.run().toString())
                        .limit(10)
                        .toList();
    }
}
