package dev.outrun.ledger;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.queue.QueueSettings;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.work.Decision;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The ledger in memory, for tests that need no Postgres: the same rules, on maps behind one lock.
 * Held to the same contract as {@link PostgresLedger}.
 */
public final class InMemoryLedger implements Ledger {

    private static final int SHARDS = 4;
    private static final Pattern QUEUE = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");
    private static final Pattern HANDLER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
    private static final Pattern SIGNAL = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
    private static final DateTimeFormatter MICROSECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);
    private static final Comparator<Run> NEWEST_FIRST =
            Comparator.comparing(Run::createdAt)
                    .thenComparing(run -> run.id().toString())
                    .reversed();

    private final InstantSource clock;
    private final Listener listener;
    private final Random ids = new Random(1);
    private final ReentrantLock lock = new ReentrantLock();
    private final Set<String> handlers = new HashSet<>();
    private final Map<RunId, MemoryRun> runs = new HashMap<>();
    private final MemoryQueues queues = new MemoryQueues();
    private final Map<String, List<Event>> queueLogs = new HashMap<>();
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

    /**
     * An empty ledger.
     *
     * @param listener called with every event, in the order they were written, by one thread at a
     *     time and without the lock: it may call the ledger
     */
    public InMemoryLedger(InstantSource clock, Listener listener) {
        this.clock = clock;
        this.listener = listener;
    }

    @Override
    public void registerHandlers(Collection<String> names) {
        for (String name : names) {
            require(HANDLER.matcher(name).matches(), ErrorCode.INVALID_REQUEST, "handler name");
        }
        transaction(() -> handlers.addAll(names));
    }

    @Override
    public RunId start(StartRun start) {
        MemoryJson.checkPayload("input", start.input());
        if (start.retry() != null) {
            MemoryJson.checkRetry(start.retry());
        }
        return transaction(() -> startRun(start));
    }

    private RunId startRun(StartRun start) {
        require(handlers.contains(start.handler()), ErrorCode.UNKNOWN_HANDLER, start.handler());
        requireQueueName(start.queue());
        MemoryJson.checkTurn(start);
        Optional<MemoryRun> before = withKey(start.tenant(), start.idempotencyKey());
        if (before.isPresent()) {
            return before.get().id;
        }
        Instant now = now();
        RunId id = start.id() == null ? RunId.mint(clock, ids) : start.id();
        require(!runs.containsKey(id), ErrorCode.RUN_ID_TAKEN, "a run with the id " + id);
        String key = start.concurrencyKey();
        int place = (key == null ? id.toString() : key).hashCode();
        MemoryRun run = new MemoryRun(start, id, shard(start.queue(), place), now);
        if (start.dedupe() != null) {
            MemoryRun holder = queues.holder(run, start.dedupe(), now);
            if (holder != run) {
                return holder.id;
            }
        }
        runs.put(id, run);
        written(
                run,
                run.write(
                        EventTypes.REQUESTED,
                        "{\"handler\":"
                                + quoted(start.handler())
                                + ",\"queue\":"
                                + quoted(start.queue())
                                + ",\"tenant\":"
                                + quoted(start.tenant().name())
                                + (start.runAt() == null ? "" : ",\"run_at\":" + at(start.runAt()))
                                + (start.retry() == null ? "" : ",\"retry\":" + start.retry())
                                + (start.priority() == 0 ? "" : ",\"priority\":" + start.priority())
                                + (key == null ? "" : ",\"concurrency_key\":" + quoted(key))
                                + field("timeout_ms", start.timeoutMs())
                                + field("attempt_timeout_ms", start.attemptTimeoutMs())
                                + ",\"input\":"
                                + start.input()
                                + "}",
                        now));
        return id;
    }

    private static String field(String name, @Nullable Long value) {
        return value == null ? "" : ",\"" + name + "\":" + value;
    }

    private Optional<MemoryRun> withKey(Tenant tenant, @Nullable String key) {
        return runs.values().stream()
                .filter(run -> key != null && key.equals(run.start.idempotencyKey()))
                .filter(run -> run.start.tenant().equals(tenant))
                .findFirst();
    }

    @Override
    public long append(RunId id, @Nullable Integer attempt, String events) {
        List<MemoryJson.TypeAndData> parsed = MemoryJson.events(events);
        return transaction(() -> {
            MemoryRun run = open(id);
            boolean admitted =
                    attempt == null || run.isLive(attempt) || (attempt == 0 && run.attempt == 0);
            require(admitted, ErrorCode.STALE_ATTEMPT, "attempt " + attempt);
            Instant now = now();
            long first = run.log.size();
            parsed.forEach(event -> written(run, run.write(event.type(), event.data(), now)));
            return first;
        });
    }

    @Override
    public Optional<Claim> claim(RunId id, int attempt, String worker) {
        return transaction(() -> {
            MemoryRun run = runs.get(id);
            if (run == null) {
                return Optional.empty();
            }
            if (run.isLive(attempt) && worker.equals(run.worker)) {
                return Optional.of(claimOf(run));
            }
            if (attempt != run.attempt + 1
                    || !run.isWaiting()
                    || !queues.admits(run, attempt, now())) {
                return Optional.empty();
            }
            run.attempt = attempt;
            run.status = RunStatus.RUNNING;
            run.worker = worker;
            run.retryDecided = false;
            String data = "{\"worker\":" + quoted(worker) + "}";
            written(run, run.write(EventTypes.ATTEMPT_STARTED, data, now()));
            return Optional.of(claimOf(run));
        });
    }

    private static Claim claimOf(MemoryRun run) {
        return new Claim(
                run.start.tenant().name(),
                run.start.queue(),
                run.start.handler(),
                run.start.input(),
                run.log.size());
    }

    @Override
    public long complete(RunId id, int attempt, String output) {
        MemoryJson.checkPayload("output", output);
        return transaction(() -> {
            MemoryRun run = known(id);
            if (run.status == RunStatus.COMPLETED && run.attempt == attempt) {
                return run.log.size() - 1L;
            }
            requireLive(run, attempt);
            run.output = output;
            String data = "{\"output\":" + output + "}";
            return written(run, run.finish(RunStatus.COMPLETED, EventTypes.COMPLETED, data, now()));
        });
    }

    @Override
    public RunStatus fail(RunId id, int attempt, String error, boolean retryable) {
        MemoryJson.checkPayload("error", error);
        return transaction(() -> {
            MemoryRun run = known(id);
            boolean saidBefore =
                    switch (run.status) {
                        case RETRYING, FAILED, CANCELLED -> attempt > 0;
                        case QUEUED, RUNNING, SUSPENDED, COMPLETED -> false;
                    };
            if (saidBefore && run.attempt == attempt) {
                return run.status;
            }
            requireLive(run, attempt);
            return failLive(run, error, retryable);
        });
    }

    private RunStatus failLive(MemoryRun run, String error, boolean retryable) {
        run.error = error;
        if (run.cancelRequested) {
            written(run, run.finish(RunStatus.CANCELLED, EventTypes.CANCELLED, "{}", now()));
        } else {
            run.status = RunStatus.RETRYING;
            run.retryDecided = false;
            String data = "{\"error\":" + error + ",\"retryable\":" + retryable + "}";
            written(run, run.write(EventTypes.ATTEMPT_FAILED, data, now()));
        }
        return run.status;
    }

    @Override
    public RunStatus cancel(RunId id, @Nullable String reason) {
        return transaction(() -> {
            MemoryRun run = known(id);
            if (run.status == RunStatus.CANCELLED) {
                return run.status;
            }
            return cancel(open(id), reason);
        });
    }

    private RunStatus cancel(MemoryRun run, @Nullable String reason) {
        if (run.cancelRequested) {
            return run.status;
        }
        String data = reason == null ? "{}" : "{\"reason\":" + quoted(reason) + "}";
        run.cancelRequested = true;
        written(run, run.write(EventTypes.CANCEL_REQUESTED, data, now()));
        if (run.status != RunStatus.RUNNING) {
            run.error = null;
            written(run, run.finish(RunStatus.CANCELLED, EventTypes.CANCELLED, data, now()));
        }
        return run.status;
    }

    private void timedOut(MemoryRun run) {
        if (run.cancelRequested) {
            run.error = null;
            written(run, run.finish(RunStatus.CANCELLED, EventTypes.CANCELLED, "{}", now()));
        } else {
            run.error = "{\"code\":\"run_timeout\",\"message\":\"the run took too long\"}";
            String data = "{\"error\":" + run.error + "}";
            written(run, run.finish(RunStatus.FAILED, EventTypes.FAILED, data, now()));
        }
    }

    @Override
    public boolean suspend(
            RunId id,
            int attempt,
            @Nullable Instant until,
            @Nullable String signal,
            @Nullable Long nextSeq) {
        require(until != null || signal != null, ErrorCode.INVALID_REQUEST, "until what?");
        require(
                signal == null || SIGNAL.matcher(signal).matches(),
                ErrorCode.INVALID_REQUEST,
                "signal");
        return transaction(() -> {
            MemoryRun run = known(id);
            if (run.status == RunStatus.SUSPENDED && run.attempt == attempt) {
                return true;
            }
            requireLive(run, attempt);
            if (run.cancelRequested) {
                written(run, run.finish(RunStatus.CANCELLED, EventTypes.CANCELLED, "{}", now()));
                return true;
            } else if (nextSeq != null && nextSeq != run.log.size()) {
                return false;
            }
            run.status = RunStatus.SUSPENDED;
            run.wakeAt = until;
            run.wakeSignal = signal;
            List<String> fields = new ArrayList<>();
            if (until != null) {
                fields.add("\"until\":" + at(until));
            }
            if (signal != null) {
                fields.add("\"signal\":" + quoted(signal));
            }
            String data = "{" + String.join(",", fields) + "}";
            written(run, run.write(EventTypes.SUSPENDED, data, now()));
            return true;
        });
    }

    @Override
    public long signal(RunId id, String name, String data) {
        require(SIGNAL.matcher(name).matches(), ErrorCode.INVALID_REQUEST, "signal");
        MemoryJson.checkPayload("data", data);
        return transaction(() -> {
            MemoryRun run = open(id);
            String event = "{\"name\":" + quoted(name) + ",\"data\":" + data + "}";
            long seq = written(run, run.write(EventTypes.SIGNAL_RECEIVED, event, now()));
            if (run.status == RunStatus.SUSPENDED && name.equals(run.wakeSignal)) {
                wake(run, "signal");
            }
            return seq;
        });
    }

    @Override
    public boolean resume(RunId id) {
        return transaction(() -> {
            MemoryRun run = open(id);
            boolean suspended = run.status == RunStatus.SUSPENDED;
            if (suspended) {
                wake(run, "request");
            }
            return suspended;
        });
    }

    private void wake(MemoryRun run, String by) {
        run.status = RunStatus.QUEUED;
        run.wakeAt = null;
        run.wakeSignal = null;
        String data = "{\"attempt\":" + (run.attempt + 1) + ",\"by\":" + quoted(by) + "}";
        written(run, run.write(EventTypes.RESUMED, data, now()));
    }

    @Override
    public QueueSettings changeQueue(String queue, String change) {
        MemoryJson.checkPayload("change", change);
        return transaction(() -> {
            requireQueueName(queue);
            QueueSettings settings = queues.change(queue, change, SHARDS);
            int places = Math.min(settings.width(), SHARDS);
            for (int place = 0; place < places; place++) {
                List<Event> log =
                        queueLogs.computeIfAbsent(
                                queue + ' ' + shard(queue, place), any -> new ArrayList<>());
                RunId id = log.isEmpty() ? RunId.mint(clock, ids) : log.getFirst().run();
                byte[] data = WireJson.write(settings.share(place, places));
                Event event = new Event(id, log.size(), EventTypes.QUEUE_CHANGED, 0, now(), data);
                log.add(event);
                undelivered.add(new Written(shard(queue, place), event));
            }
            return settings;
        });
    }

    @Override
    public QueueState queue(String queue) {
        return transaction(() -> queues.state(queue, runs.values()));
    }

    @Override
    public List<QueueState> queues() {
        return transaction(() -> {
            Set<String> names = new TreeSet<>(queues.named());
            runs.values().stream()
                    .filter(run -> run.finishedAt == null)
                    .forEach(run -> names.add(run.start.queue()));
            return names.stream().map(name -> queues.state(name, runs.values())).toList();
        });
    }

    @Override
    public int obliterate(String queue, int most) {
        return transaction(() -> {
            List<MemoryRun> some =
                    runs.values().stream()
                            .filter(run -> run.start.queue().equals(queue))
                            .filter(run -> run.finishedAt == null && !run.cancelRequested)
                            .limit(most)
                            .toList();
            some.forEach(run -> cancel(run, "the queue is obliterated"));
            return some.size();
        });
    }

    private int shard(String queue, int place) {
        int width = Math.min(queues.settings(queue).width(), SHARDS);
        return Math.floorMod(queue.hashCode() + Math.floorMod(place, width), SHARDS);
    }

    private static void requireQueueName(String queue) {
        require(QUEUE.matcher(queue).matches(), ErrorCode.INVALID_REQUEST, "queue name");
    }

    @Override
    public RunId fork(RunId id, long at, @Nullable RunId minted) {
        return transaction(() -> forkRun(known(id), at, minted).id);
    }

    private MemoryRun forkRun(MemoryRun source, long at, @Nullable RunId minted) {
        int most = source.log.size() - (source.finishedAt == null ? 0 : 1);
        require(at >= 1 && at <= most, ErrorCode.INVALID_REQUEST, "cannot be forked at " + at);
        RunId id = minted == null ? RunId.mint(clock, ids) : minted;
        require(!runs.containsKey(id), ErrorCode.RUN_ID_TAKEN, "a run with the id " + id);
        String key = source.start.concurrencyKey();
        int place = (key == null ? id.toString() : key).hashCode();
        StartRun start = source.start.toBuilder().idempotencyKey(null).runAt(null).build();
        Instant now = now();
        MemoryRun fork = new MemoryRun(start, id, shard(start.queue(), place), now);
        fork.fork = new Run.Fork(source.id, at);
        runs.put(id, fork);
        for (Event event : List.copyOf(source.log.subList(0, (int) at))) {
            fork.attempt = event.attempt();
            written(fork, fork.write(event.type(), event.data(), now));
        }
        String data =
                "{\"from\":"
                        + quoted(source.id.toString())
                        + ",\"at\":"
                        + at
                        + ",\"attempt\":"
                        + (fork.attempt + 1)
                        + "}";
        written(fork, fork.write(EventTypes.FORKED, data, now));
        return fork;
    }

    @Override
    public Optional<RunId> redrive(RunId id, @Nullable RunId minted) {
        return transaction(() -> {
            MemoryRun run = known(id);
            if (run.redrivenAs == null && run.status == RunStatus.FAILED) {
                run.redrivenAs = forkRun(run, run.log.size() - 1L, minted).id;
            }
            return Optional.ofNullable(run.redrivenAs);
        });
    }

    @Override
    public int redrive(String queue, @Nullable String handler, @Nullable Instant since, int most) {
        return transaction(() -> {
            List<MemoryRun> failed =
                    runs.values().stream()
                            .filter(run -> run.status == RunStatus.FAILED)
                            .filter(run -> run.redrivenAs == null)
                            .filter(run -> run.start.queue().equals(queue))
                            .filter(run -> handler == null || handler.equals(run.start.handler()))
                            .filter(run ->
                                    since == null
                                            || (run.finishedAt != null
                                                    && !run.finishedAt.isBefore(since)))
                            .limit(most)
                            .toList();
            for (MemoryRun run : failed) {
                run.redrivenAs = forkRun(run, run.log.size() - 1L, null).id;
            }
            return failed.size();
        });
    }

    @Override
    public boolean resolve(RunId run) {
        return transaction(() -> {
            MemoryRun halted = runs.get(run);
            return halted != null && halted.halted != null;
        });
    }

    /** As a publisher does that cannot publish an append. */
    public void halt(RunId run, long nextSeq, long badSeq, String reason) {
        transaction(() -> known(run).halted = new Run.Halted(nextSeq, badSeq, reason, now()));
    }

    /** As a reaper does before it deletes the run's topic. */
    public void reap(RunId run) {
        transaction(() -> known(run).topicDeletedAt = now());
    }

    @Override
    public boolean record(Decision decision) {
        RunId id = RunId.parse(decision.run());
        return transaction(() -> {
            MemoryRun run = runs.get(id);
            return run != null
                    && run.finishedAt == null
                    && run.attempt == decision.attempt()
                    && record(run, decision);
        });
    }

    private boolean record(MemoryRun run, Decision decision) {
        boolean applies =
                switch (decision) {
                    case Decision.Retry d -> run.status == RunStatus.RETRYING && !run.retryDecided;
                    case Decision.AttemptLost d -> run.status == RunStatus.RUNNING;
                    case Decision.AttemptTimedOut d -> run.status == RunStatus.RUNNING;
                    case Decision.TimedOut d -> true;
                    case Decision.Resume d ->
                            run.status == RunStatus.SUSPENDED && run.wakeAt != null;
                    case Decision.Fail d -> run.status == RunStatus.RETRYING;
                    case Decision.Cancel d -> run.cancelRequested;
                };
        if (!applies) {
            return false;
        }
        switch (decision) {
            case Decision.Retry d -> {
                run.retryDecided = true;
                String data = "{\"attempt\":" + (d.attempt() + 1) + ",\"at\":" + at(d.at()) + "}";
                written(run, run.write(EventTypes.RETRY_SCHEDULED, data, now()));
            }
            case Decision.AttemptLost d ->
                    failLive(
                            run,
                            "{\"code\":\"attempt_lost\",\"message\":" + quoted(d.reason()) + "}",
                            true);
            case Decision.AttemptTimedOut d ->
                    failLive(
                            run,
                            "{\"code\":\"attempt_timeout\",\"message\":\"the attempt took too long\"}",
                            true);
            case Decision.TimedOut d -> timedOut(run);
            case Decision.Resume d -> wake(run, "time");
            case Decision.Fail d ->
                    written(
                            run,
                            run.finish(
                                    RunStatus.FAILED,
                                    EventTypes.FAILED,
                                    "{\"error\":" + run.error + "}",
                                    now()));
            case Decision.Cancel d -> {
                run.error = null;
                written(run, run.finish(RunStatus.CANCELLED, EventTypes.CANCELLED, "{}", now()));
            }
        }
        return true;
    }

    @Override
    public Optional<Run> run(RunId id) {
        return transaction(() -> Optional.ofNullable(runs.get(id)).map(MemoryRun::toRun));
    }

    @Override
    public Optional<RunId> runWithKey(Tenant tenant, String idempotencyKey) {
        return transaction(() -> withKey(tenant, idempotencyKey).map(run -> run.id));
    }

    @Override
    public List<Run> runs(RunQuery query) {
        return transaction(() ->
                runs.values().stream()
                        .map(MemoryRun::toRun)
                        .filter(run -> matches(run, query))
                        .sorted(NEWEST_FIRST)
                        .limit(query.limit())
                        .toList());
    }

    private static boolean matches(Run run, RunQuery query) {
        return run.tenant().equals(query.tenant())
                && (query.status() == null || run.status() == query.status())
                && (query.handler() == null || run.handler().equals(query.handler()))
                && (query.queue() == null || run.queue().equals(query.queue()))
                && (query.before() == null || isOlder(run, query.before()));
    }

    private static boolean isOlder(Run run, RunQuery.Place place) {
        int byTime = run.createdAt().compareTo(place.createdAt());
        return byTime < 0
                || (byTime == 0 && run.id().toString().compareTo(place.id().toString()) < 0);
    }

    @Override
    public List<Event> events(RunId id, long from, int limit) {
        require(from >= 0, ErrorCode.INVALID_SEQ, "seq " + from);
        require(limit > 0, ErrorCode.INVALID_REQUEST, "limit " + limit);
        return transaction(() -> {
            MemoryRun run = runs.get(id);
            List<Event> page = new ArrayList<>();
            long bytes = 0;
            for (long seq = from; run != null && seq < run.log.size(); seq++) {
                Event event = run.log.get((int) seq);
                page.add(event);
                bytes += event.data().length;
                if (page.size() == limit || bytes >= SelectEvents.PAGE_BYTES) {
                    break;
                }
            }
            return page;
        });
    }

    @Override
    public int shards() {
        return SHARDS;
    }

    @Override
    public int makePartitions(int daysAhead) {
        return 0;
    }

    @Override
    public int deleteLapsed(int most) {
        return transaction(() -> queues.deleteLapsed(now()));
    }

    private MemoryRun known(RunId id) {
        MemoryRun run = runs.get(id);
        if (run == null) {
            throw new OutrunException(ErrorCode.UNKNOWN_RUN, "unknown run " + id);
        }
        return run;
    }

    private MemoryRun open(RunId id) {
        MemoryRun run = known(id);
        require(run.finishedAt == null, ErrorCode.RUN_CLOSED, "run " + id + " is closed");
        return run;
    }

    private void requireLive(MemoryRun run, int attempt) {
        open(run.id);
        require(run.isLive(attempt), ErrorCode.STALE_ATTEMPT, "attempt " + attempt);
    }

    private static void require(boolean condition, ErrorCode code, String what) {
        if (!condition) {
            throw new OutrunException(code, what);
        }
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

    private long written(MemoryRun run, Event event) {
        undelivered.add(new Written(run.shard, event));
        return event.seq();
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

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    private static String at(Instant time) {
        return '"' + MICROSECONDS.format(time) + '"';
    }

    private static String quoted(String text) {
        return new String(WireJson.write(text), StandardCharsets.UTF_8);
    }
}
