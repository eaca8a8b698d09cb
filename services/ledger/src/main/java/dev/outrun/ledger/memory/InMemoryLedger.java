package dev.outrun.ledger.memory;

import dev.outrun.ledger.Claim;
import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.LiveAttempt;
import dev.outrun.ledger.QueueState;
import dev.outrun.ledger.Run;
import dev.outrun.ledger.RunQuery;
import dev.outrun.ledger.ScheduleState;
import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.StreamEvents;
import dev.outrun.ledger.StreamLedger;
import dev.outrun.ledger.Wake;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.queue.QueueSettings;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.work.Decision;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The ledger in memory, for tests that need no Postgres: the same rules, on maps behind one lock.
 * Held to the same contract as {@link dev.outrun.ledger.PostgresLedger}.
 */
public final class InMemoryLedger implements Ledger {

    private static final Pattern HANDLER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
    private static final Pattern SIGNAL = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
    private static final int SHARDS_DEFAULT = 4;
    private static final Comparator<Run> NEWEST_FIRST =
            Comparator.comparing(Run::createdAt)
                    .thenComparing(run -> run.id().toString())
                    .reversed();

    private final Listener listener;
    private final MemoryRuns state;
    private final MemoryStreams streams;
    private final ReentrantLock lock = new ReentrantLock();
    private final ConcurrentLinkedQueue<Written> undelivered = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean delivering = new AtomicBoolean();

    /** Who hears of what is written. */
    @FunctionalInterface
    public interface Listener {
        void written(int shard, Event event);
    }

    private record Written(int shard, Event event) {}

    /** An empty ledger that tells nobody. */
    public InMemoryLedger(InstantSource clock) {
        this(clock, (shard, event) -> {});
    }

    /** An empty ledger of four shards. */
    public InMemoryLedger(InstantSource clock, Listener listener) {
        this(clock, SHARDS_DEFAULT, new Random(1), listener);
    }

    /**
     * An empty ledger.
     *
     * @param ids what ids are minted from: the same give the same
     * @param listener called with every event, in the order they were written, by one thread at a
     *     time and without the lock: it may call the ledger
     */
    public InMemoryLedger(InstantSource clock, int shards, RandomGenerator ids, Listener listener) {
        this.listener = listener;
        this.state =
                new MemoryRuns(
                        clock,
                        shards,
                        ids,
                        (shard, event) -> undelivered.add(new Written(shard, event)));
        this.streams = new MemoryStreams(state, this::transaction);
    }

    @Override
    public void registerHandlers(Collection<String> names) {
        for (String name : names) {
            boolean good = HANDLER.matcher(name).matches() && !name.equals(StreamEvents.HANDLER);
            MemoryRuns.require(good, ErrorCode.INVALID_REQUEST, "handler name");
        }
        transaction(() -> state.handlers.addAll(names));
    }

    @Override
    public RunId start(StartRun start) {
        MemoryJson.checkPayload("input", start.input());
        if (start.retry() != null) {
            MemoryJson.checkRetry(start.retry());
        }
        return transaction(() -> state.startRun(start));
    }

    @Override
    public long append(RunId id, @Nullable Integer attempt, String events) {
        List<MemoryJson.TypeAndData> parsed = MemoryJson.events(events);
        return transaction(() -> {
            MemoryRun run = state.open(id);
            boolean admitted =
                    attempt == null || run.isLive(attempt) || (attempt == 0 && run.attempt == 0);
            MemoryRuns.require(admitted, ErrorCode.STALE_ATTEMPT, "attempt " + attempt);
            long first = run.log.size();
            state.append(run, parsed);
            return first;
        });
    }

    @Override
    public Optional<Claim> claim(RunId id, int attempt, String worker) {
        return transaction(() -> {
            MemoryRun run = state.runs.get(id);
            if (run == null) {
                return Optional.empty();
            }
            if (run.isLive(attempt) && worker.equals(run.worker)) {
                return Optional.of(MemoryRuns.claimOf(run));
            }
            if (attempt != run.attempt + 1
                    || !run.isWaiting()
                    || !state.queues.admits(run, attempt, state.now())) {
                return Optional.empty();
            }
            run.attempt = attempt;
            run.status = RunStatus.RUNNING;
            run.worker = worker;
            run.retryDecided = false;
            String data = "{\"worker\":" + MemoryRuns.quoted(worker) + "}";
            state.written(run, run.write(EventTypes.ATTEMPT_STARTED, data, state.now()));
            return Optional.of(MemoryRuns.claimOf(run));
        });
    }

    @Override
    public LiveAttempt liveAttempt(RunId id, int attempt) {
        return transaction(() -> state.liveAttempt(state.known(id), attempt));
    }

    @Override
    public long complete(RunId id, int attempt, String output, @Nullable String events) {
        MemoryJson.checkPayload("output", output);
        List<MemoryJson.TypeAndData> last = events == null ? List.of() : MemoryJson.events(events);
        return transaction(() -> {
            MemoryRun run = state.known(id);
            if (run.status == RunStatus.COMPLETED && run.attempt == attempt) {
                return run.log.size() - 1L;
            }
            state.requireLive(run, attempt);
            state.append(run, last);
            run.output = output;
            String data = "{\"output\":" + output + "}";
            return state.finish(run, RunStatus.COMPLETED, EventTypes.COMPLETED, data);
        });
    }

    @Override
    public RunStatus fail(RunId id, int attempt, String error, boolean retryable) {
        MemoryJson.checkPayload("error", error);
        return transaction(() -> {
            MemoryRun run = state.known(id);
            boolean saidBefore =
                    switch (run.status) {
                        case RETRYING, FAILED, CANCELLED -> attempt > 0;
                        case QUEUED, RUNNING, SUSPENDED, COMPLETED -> false;
                    };
            if (saidBefore && run.attempt == attempt) {
                return run.status;
            }
            state.requireLive(run, attempt);
            return state.failLive(run, error, retryable);
        });
    }

    @Override
    public RunStatus cancel(RunId id, @Nullable String reason) {
        return transaction(() -> {
            MemoryRun run = state.known(id);
            if (run.status == RunStatus.CANCELLED) {
                return run.status;
            }
            return state.cancel(state.open(id), reason);
        });
    }

    @Override
    public boolean suspend(RunId id, int attempt, Wake wake, @Nullable Long nextSeq) {
        boolean waits = wake.at() != null || wake.signal() != null || wake.children() != null;
        MemoryRuns.require(waits, ErrorCode.INVALID_REQUEST, "suspended until what?");
        MemoryRuns.require(isSignal(wake.signal()), ErrorCode.INVALID_REQUEST, "signal's name");
        MemoryJson.checkChildren(wake.children());
        return transaction(() -> {
            MemoryRun run = state.known(id);
            if (run.status == RunStatus.SUSPENDED && run.attempt == attempt) {
                return true;
            }
            state.requireLive(run, attempt);
            if (run.cancelRequested) {
                state.finish(run, RunStatus.CANCELLED, EventTypes.CANCELLED, "{}");
                return true;
            } else if (nextSeq != null && nextSeq != run.log.size()) {
                return false;
            }
            run.status = RunStatus.SUSPENDED;
            run.wake = wake;
            state.written(run, run.write(EventTypes.SUSPENDED, MemoryJson.data(wake), state.now()));
            state.wakeIfChildrenEnded(run);
            return true;
        });
    }

    private static boolean isSignal(@Nullable String name) {
        return name == null || SIGNAL.matcher(name).matches();
    }

    @Override
    public long signal(RunId id, String name, String data) {
        MemoryRuns.require(SIGNAL.matcher(name).matches(), ErrorCode.INVALID_REQUEST, "signal");
        MemoryJson.checkPayload("data", data);
        return transaction(() -> {
            MemoryRun run = state.open(id);
            String event = "{\"name\":" + MemoryRuns.quoted(name) + ",\"data\":" + data + "}";
            long seq =
                    state.written(run, run.write(EventTypes.SIGNAL_RECEIVED, event, state.now()));
            if (run.status == RunStatus.SUSPENDED && name.equals(run.wake.signal())) {
                state.wake(run, "signal");
            }
            return seq;
        });
    }

    @Override
    public boolean resume(RunId id) {
        return transaction(() -> {
            MemoryRun run = state.open(id);
            boolean suspended = run.status == RunStatus.SUSPENDED && !run.isStream();
            if (suspended) {
                state.wake(run, "request");
            }
            return suspended;
        });
    }

    @Override
    public RunId startFlow(Tenant tenant, String flow) {
        MemoryJson.checkPayload("flow", flow);
        MemoryFlow parsed = MemoryFlow.read(flow);
        return transaction(() -> {
            state.check(parsed, tenant);
            return state.startFlow(parsed, tenant, null);
        });
    }

    @Override
    public QueueSettings changeQueue(String queue, String change) {
        MemoryJson.checkPayload("change", change);
        return transaction(() -> state.changeQueue(queue, change));
    }

    @Override
    public QueueState queue(String queue) {
        return transaction(() -> state.queues.state(queue, state.runs.values()));
    }

    @Override
    public boolean isTopicless(String queue) {
        return transaction(() -> state.queues.isTopicless(queue));
    }

    @Override
    public List<QueueState> queues() {
        return transaction(() -> state.queues.states(state.runs.values()));
    }

    @Override
    public int obliterate(String queue, int most) {
        return transaction(() -> {
            List<MemoryRun> some =
                    state.runs.values().stream()
                            .filter(run -> run.start.queue().equals(queue))
                            .filter(run -> run.finishedAt == null && !run.cancelRequested)
                            .sorted(Comparator.comparing((MemoryRun run) -> run.id))
                            .limit(most)
                            .toList();
            some.stream()
                    .filter(run -> run.finishedAt == null) // a child may have failed it by now
                    .forEach(run -> state.cancel(run, "the queue is obliterated"));
            return some.size();
        });
    }

    @Override
    public RunId fork(RunId id, long at, @Nullable RunId minted) {
        return transaction(() -> state.forkRun(state.known(id), at, minted).id);
    }

    @Override
    public Optional<RunId> redrive(RunId id, @Nullable RunId minted) {
        return transaction(() -> {
            MemoryRun run = state.known(id);
            if (run.redrivenAs == null && run.status == RunStatus.FAILED) {
                run.redrivenAs = state.forkRun(run, run.log.size() - 1L, minted).id;
            }
            return Optional.ofNullable(run.redrivenAs);
        });
    }

    @Override
    public int redrive(String queue, @Nullable String handler, @Nullable Instant since, int most) {
        return transaction(() -> {
            List<MemoryRun> failed =
                    state.runs.values().stream()
                            .filter(run -> run.isRedrivable(queue, handler, since))
                            .limit(most)
                            .toList();
            for (MemoryRun run : failed) {
                run.redrivenAs = state.forkRun(run, run.log.size() - 1L, null).id;
            }
            return failed.size();
        });
    }

    @Override
    public boolean resolve(RunId run) {
        return transaction(() -> {
            MemoryRun halted = state.runs.get(run);
            return halted != null && halted.halted != null;
        });
    }

    /** As a publisher does that cannot publish an append. */
    public void halt(RunId run, long nextSeq, long badSeq, String reason) {
        transaction(() ->
                state.known(run).halted = new Run.Halted(nextSeq, badSeq, reason, state.now()));
    }

    /** As a reaper does before it deletes the run's topic. */
    public void reap(RunId run) {
        transaction(() -> state.known(run).topicDeletedAt = state.now());
    }

    @Override
    public boolean record(Decision decision) {
        RunId id = RunId.parse(decision.run());
        return transaction(() -> {
            MemoryRun run = state.runs.get(id);
            return switch (decision) {
                case Decision.OfSchedule d -> state.schedules.record(id, d);
                case Decision.EndChildren d ->
                        run != null && run.finishedAt != null && state.endChildren(id);
                case Decision.OfRun d ->
                        run != null
                                && run.finishedAt == null
                                && run.attempt == d.attempt()
                                && state.record(run, d);
            };
        });
    }

    @Override
    public void putSchedule(Tenant tenant, String name, String schedule) {
        MemoryJson.checkPayload("schedule", schedule);
        transaction(() -> state.schedules.put(tenant, name, schedule));
    }

    @Override
    public Optional<ScheduleState> schedule(Tenant tenant, String name) {
        return transaction(() -> state.schedules.get(tenant, name));
    }

    @Override
    public List<ScheduleState> schedules(Tenant tenant, @Nullable String after, int limit) {
        return transaction(() -> state.schedules.page(tenant, after, limit));
    }

    @Override
    public boolean pauseSchedule(Tenant tenant, String name) {
        return transaction(() -> state.schedules.pause(tenant, name, true));
    }

    @Override
    public boolean resumeSchedule(Tenant tenant, String name) {
        return transaction(() -> state.schedules.pause(tenant, name, false));
    }

    @Override
    public void deleteSchedule(Tenant tenant, String name) {
        transaction(() -> state.schedules.delete(tenant, name));
    }

    @Override
    public RunId triggerSchedule(Tenant tenant, String name) {
        return transaction(() -> state.schedules.trigger(tenant, name));
    }

    @Override
    public Optional<Run> run(RunId id) {
        return transaction(() -> Optional.ofNullable(state.runs.get(id)).map(MemoryRun::toRun));
    }

    @Override
    public Optional<RunId> runWithKey(Tenant tenant, String idempotencyKey) {
        return transaction(() -> state.withKey(tenant, idempotencyKey).map(run -> run.id));
    }

    @Override
    public List<Run> runs(RunQuery query) {
        return transaction(() ->
                state.runs.values().stream()
                        .filter(run -> run.isListed(query))
                        .map(MemoryRun::toRun)
                        .sorted(NEWEST_FIRST)
                        .limit(query.limit())
                        .toList());
    }

    @Override
    public List<Event> events(RunId id, long from, int limit) {
        MemoryRuns.require(from >= 0, ErrorCode.INVALID_SEQ, "seq " + from);
        MemoryRuns.require(limit > 0, ErrorCode.INVALID_REQUEST, "limit " + limit);
        return transaction(() -> {
            MemoryRun run = state.runs.get(id);
            List<Event> log = run == null ? state.schedules.log(id) : run.log;
            return MemoryRun.page(log, from, limit);
        });
    }

    @Override
    public int shards() {
        return state.shards;
    }

    @Override
    public int makePartitions(int daysAhead) {
        return 0;
    }

    @Override
    public Optional<LocalDate> dropDay(Duration keep) {
        return Optional.empty();
    }

    @Override
    public int deleteLapsed(int most) {
        return transaction(() -> state.queues.deleteLapsed(state.now()));
    }

    @Override
    public StreamLedger streams() {
        return streams;
    }

    private <T> T transaction(Supplier<T> body) {
        lock.lock();
        try {
            return body.get();
        } finally {
            lock.unlock();
            deliver();
        }
    }

    private void deliver() {
        while (!lock.isHeldByCurrentThread()
                && !undelivered.isEmpty()
                && delivering.compareAndSet(false, true)) {
            try {
                for (Written next = undelivered.poll(); next != null; next = undelivered.poll()) {
                    listener.written(next.shard(), next.event());
                }
            } finally {
                delivering.set(false);
            }
        }
    }
}
