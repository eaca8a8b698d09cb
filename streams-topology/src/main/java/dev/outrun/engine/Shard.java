package dev.outrun.engine;

import dev.outrun.engine.out.ShardKey;
import dev.outrun.engine.run.Effect;
import dev.outrun.engine.run.OpenRun;
import dev.outrun.engine.run.Outcome;
import dev.outrun.engine.run.RunRules;
import dev.outrun.engine.run.RunState;
import dev.outrun.engine.timer.Timers;
import dev.outrun.engine.worker.Loss;
import dev.outrun.engine.worker.Workers;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.RecordHeaders;
import dev.outrun.schema.work.Decision;
import dev.outrun.schema.work.Heartbeat;
import dev.outrun.streams.Unread;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One shard's engine, and thin: it finds the run, asks the rules, keeps the state they answer and
 * sends what they say. For one thread.
 *
 * <p>The rules are asked before anything is written. A record that cannot be read, or that they
 * refuse, changes nothing: it is {@link Unread}, and the shard goes on.
 */
final class Shard {

    static final String RUNS_STORE = "runs";
    static final String QUEUES_STORE = "queues";
    static final String SCHEDULES_STORE = "schedules";

    private static final Logger LOG = LoggerFactory.getLogger(Shard.class);

    /** Timers fired in one go: a flood of them takes turns with the events. */
    private static final int TIMERS_AT_ONCE_MAX = 1_000;

    private final ProcessorContext<ShardKey, Object> context;
    private final Unread unread;
    private final RunRules rules;
    private final Timers<RunId> timers = new Timers<>();
    private final Workers workers;
    private final Queues queues;
    private final Schedules schedules;
    private final OpenRuns runs;

    Shard(ProcessorContext<ShardKey, Object> context, EngineSettings settings, Unread unread) {
        this.context = context;
        this.unread = unread;
        this.rules = new RunRules(settings.patience());
        this.workers = new Workers(settings.workerTimeout());
        this.queues = new Queues(context.getStateStore(QUEUES_STORE), settings.tasksOutMax());
        this.schedules =
                new Schedules(
                        context.getStateStore(SCHEDULES_STORE),
                        settings.patience().redecideAfter());
        this.runs =
                new OpenRuns(
                        context.getStateStore(RUNS_STORE),
                        timers,
                        workers,
                        queues,
                        Instant.ofEpochMilli(context.currentSystemTimeMs()));
    }

    int timers() {
        return timers.size();
    }

    /** When it acts next, if it hears of nothing before; null: never. */
    @Nullable Instant nextDue() {
        return OpenRun.earliest(
                timers.nextDue(), OpenRun.earliest(schedules.nextDue(), queues.nextOpening()));
    }

    /** An event of the firehose. */
    void event(Record<byte[], byte[]> record, RecordMetadata origin, Instant now) {
        Event event;
        try {
            event = RecordHeaders.read(record.key(), record.value(), record.headers());
        } catch (RuntimeException e) {
            unread.skip(record, origin, e);
            return;
        }
        if (queues.isOfALog(event)) {
            queueChanged(event, record, origin, now);
            return;
        } else if (schedules.isOfALog(event)) {
            scheduleMoved(event, record, origin);
            return;
        }
        OpenRun before = runs.get(event.run());
        if (RunRules.hasSeen(before, event)) {
            return;
        }
        Outcome outcome;
        try {
            outcome =
                    before == null ? rules.opened(event, now) : rules.followed(before, event, now);
        } catch (RuntimeException e) {
            unread.skip(record, origin, e);
            return;
        }
        boolean first = runs.firstSinceRestore(event.run());
        if (before != null && event.seq() > before.facts().seq() + 1 && !first) {
            // The firehose has every event of a run in seq order (I3), so this cannot be; if it is,
            // an event is lost to the engine, and what it said must be looked up in the ledger.
            LOG.error(
                    "the log has a hole run={} seq={} expected={} topic={} partition={} offset={}",
                    event.run(),
                    event.seq(),
                    before.facts().seq() + 1,
                    origin.topic(),
                    origin.partition(),
                    origin.offset());
        }
        step(event.run(), before, outcome, now);
        loseIfClaimantIsGone(event.run(), before, outcome.run(), now);
    }

    private void queueChanged(
            Event event, Record<byte[], byte[]> record, RecordMetadata origin, Instant now) {
        Queues.Change change;
        try {
            change = queues.changed(event);
        } catch (IllegalArgumentException e) {
            unread.skip(record, origin, e);
            return;
        }
        if (change != null) {
            LOG.info("queue changed settings={}", change.settings());
            String queue = change.settings().queue();
            if (change.refused()) {
                queues.out(queue).forEach(run -> due(run, now));
            }
            admit(queue, now);
        }
    }

    private void scheduleMoved(Event event, Record<byte[], byte[]> record, RecordMetadata origin) {
        try {
            schedules.take(event);
        } catch (IllegalArgumentException e) {
            unread.skip(record, origin, e);
        }
    }

    /** A worker's sign of life. */
    void heartbeat(Record<byte[], byte[]> record, RecordMetadata origin, Instant now) {
        Heartbeat heartbeat;
        try {
            heartbeat = WireJson.read(record.value(), Heartbeat.class);
            Objects.requireNonNull(heartbeat.worker(), "worker");
        } catch (RuntimeException e) {
            unread.skip(record, origin, e);
            return;
        }
        lose(workers.heard(heartbeat), now);
    }

    void fireTimers(Instant now) {
        for (int fired = 0; fired < TIMERS_AT_ONCE_MAX; fired++) {
            RunId run = timers.pollDue(now);
            if (run == null) {
                return;
            }
            due(run, now);
        }
    }

    /** Decides what is due of schedules. */
    void fireSchedules(Instant now) {
        for (int fired = 0; fired < TIMERS_AT_ONCE_MAX; fired++) {
            Decision decision = schedules.pollDue(now);
            if (decision == null) {
                return;
            }
            RunId log = RunId.parse(decision.run());
            ShardKey key = new ShardKey(context.taskId().partition(), log);
            send(key, decision, EngineTopology.DECISIONS, now);
        }
    }

    /** Sends tasks where a rate kept them back. */
    void openQueues(Instant now) {
        for (String queue = queues.pollOpening(now);
                queue != null;
                queue = queues.pollOpening(now)) {
            admit(queue, now);
        }
    }

    private void due(RunId run, Instant now) {
        OpenRun before = runs.get(run);
        if (before != null) {
            step(run, before, rules.due(before, now), now);
        }
    }

    void findSilent(Instant now) {
        lose(workers.silent(now), now);
    }

    private void loseIfClaimantIsGone(
            RunId run, @Nullable OpenRun before, @Nullable OpenRun after, Instant now) {
        boolean wasLive = before != null && before.state() instanceof RunState.Live;
        if (wasLive || after == null || !(after.state() instanceof RunState.Live live)) {
            return;
        }
        String reason = workers.goneBecause(live.claimant());
        if (reason != null) {
            lose(List.of(new Loss(run, reason)), now);
        }
    }

    private void lose(List<Loss> losses, Instant now) {
        for (Loss loss : losses) {
            OpenRun before = runs.get(loss.run());
            if (before != null) {
                LOG.info("attempt lost run={} reason={}", loss.run(), loss.reason());
                step(loss.run(), before, rules.lost(before, loss.reason(), now), now);
            }
        }
    }

    private void step(RunId run, @Nullable OpenRun before, Outcome outcome, Instant now) {
        OpenRun either = outcome.run() == null ? before : outcome.run();
        if (take(run, before, outcome, now) && either != null) {
            admit(either.facts().request().queue(), now);
        }
    }

    /** Sends tasks to as many of a queue's runs as may go now, and ends the step. */
    private void admit(String queue, Instant now) {
        for (RunId next = queues.next(queue, now); next != null; next = queues.next(queue, now)) {
            OpenRun waiting = Objects.requireNonNull(runs.get(next), "a run in a queue is open");
            take(next, waiting, rules.admitted(waiting, now), now);
        }
        runs.save();
    }

    /** Keeps the run as it is now, and says what there is to say; false if only its seq moved. */
    private boolean take(RunId run, @Nullable OpenRun before, Outcome outcome, Instant now) {
        boolean moved = runs.move(run, before, outcome.run(), now);
        ShardKey key = new ShardKey(context.taskId().partition(), run);
        for (Effect effect : outcome.effects()) {
            switch (effect) {
                case Effect.Dispatch(var task) -> send(key, task, EngineTopology.TASKS, now);
                case Effect.Decide(var decision) ->
                        send(key, decision, EngineTopology.DECISIONS, now);
                case Effect.Interrupt(var interrupt) ->
                        send(key, interrupt, EngineTopology.INTERRUPTS, now);
                case Effect.Publish(var view) -> send(key, view, EngineTopology.VIEWS, now);
            }
        }
        return moved;
    }

    private void send(ShardKey key, Object value, String sink, Instant now) {
        context.forward(new Record<>(key, value, now.toEpochMilli()), sink);
    }
}
