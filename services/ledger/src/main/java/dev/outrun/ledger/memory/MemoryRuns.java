package dev.outrun.ledger.memory;

import dev.outrun.ledger.Claim;
import dev.outrun.ledger.LiveAttempt;
import dev.outrun.ledger.Run;
import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.StreamEvents;
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
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the ledger in memory holds, and the rules by which it changes. Guarded by the ledger's lock;
 * a method that throws has changed nothing.
 */
final class MemoryRuns {

    private static final Pattern QUEUE = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");
    private static final DateTimeFormatter MICROSECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    final Set<String> handlers = new HashSet<>();

    /** In the order they were started: what takes some of them takes the same ones each time. */
    final Map<RunId, MemoryRun> runs = new LinkedHashMap<>();

    final int shards;
    final MemoryQueues queues = new MemoryQueues();
    final MemorySchedules schedules = new MemorySchedules(this);
    private final Map<String, List<Event>> queueLogs = new HashMap<>();
    private final InstantSource clock;
    private final InMemoryLedger.Listener written;
    private final RandomGenerator ids;

    /** Nothing yet; the listener is told of every event as it is written. */
    MemoryRuns(
            InstantSource clock, int shards, RandomGenerator ids, InMemoryLedger.Listener written) {
        this.clock = clock;
        this.shards = shards;
        this.ids = ids;
        this.written = written;
    }

    RunId startRun(StartRun start) {
        check(start);
        Optional<MemoryRun> before = withKey(start.tenant(), start.idempotencyKey());
        if (before.isPresent()) {
            return before.get().id;
        }
        Instant now = now();
        RunId id = start.id() == null ? RunId.mint(clock, ids) : start.id();
        require(!runs.containsKey(id), ErrorCode.RUN_ID_TAKEN, "a run with the id " + id);
        String key = start.concurrencyKey();
        int place = (key == null ? id.toString() : key).hashCode();
        MemoryRun run =
                new MemoryRun(
                        start,
                        id,
                        shard(start.queue(), place),
                        queues.isTopicless(start.queue()),
                        now);
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
                                + (start.child() == null
                                        ? ""
                                        : ",\"parent\":\"" + start.child().parent() + '"')
                                + (start.waitFor() == null
                                        ? ""
                                        : ",\"wait_for\":" + quoted(start.waitFor()))
                                + field("timeout_ms", start.timeoutMs())
                                + field("attempt_timeout_ms", start.attemptTimeoutMs())
                                + scheduled(start.scheduled())
                                + ",\"input\":"
                                + start.input()
                                + "}",
                        now));
        childStarted(run);
        return id;
    }

    MemoryRun startStream(Tenant tenant, String input, @Nullable RunId minted) {
        RunId id = minted == null ? RunId.mint(clock, ids) : minted;
        require(!runs.containsKey(id), ErrorCode.RUN_ID_TAKEN, "a run with the id " + id);
        String queue = StreamEvents.QUEUE;
        StartRun start =
                StartRun.with(StreamEvents.HANDLER, input).queue(queue).tenant(tenant).build();
        int shard = Math.floorMod(id.toString().hashCode(), shards);
        MemoryRun run = new MemoryRun(start, id, shard, queues.isTopicless(queue), now());
        run.status = RunStatus.SUSPENDED;
        runs.put(id, run);
        String data =
                "{\"handler\":\"stream\",\"queue\":\"streams\",\"tenant\":"
                        + quoted(tenant.name())
                        + ",\"wait_for\":\"all\",\"input\":"
                        + input
                        + "}";
        written(run, run.write(EventTypes.REQUESTED, data, now()));
        return run;
    }

    void check(StartRun start) {
        require(
                handlers.contains(start.handler()),
                ErrorCode.UNKNOWN_HANDLER,
                "unknown handler " + start.handler());
        requireQueueName(start.queue());
        MemoryJson.checkTurn(start);
        MemoryJson.checkChildren(start.waitFor());
        StartRun.Child child = start.child();
        if (child != null) {
            MemoryRun parent = open(child.parent());
            boolean same = parent.start.tenant().equals(start.tenant());
            require(same, ErrorCode.UNKNOWN_RUN, "another tenant's " + child.parent());
        }
    }

    private static String scheduled(StartRun.@Nullable Scheduled by) {
        if (by == null) {
            return "";
        }
        return ",\"schedule\":"
                + quoted(by.schedule())
                + (by.at() == null ? "" : ",\"scheduled_at\":" + at(by.at()));
    }

    static String field(String name, @Nullable Long value) {
        return value == null ? "" : ",\"" + name + "\":" + value;
    }

    Optional<MemoryRun> withKey(Tenant tenant, @Nullable String key) {
        return runs.values().stream()
                .filter(run -> key != null && key.equals(run.start.idempotencyKey()))
                .filter(run -> run.start.tenant().equals(tenant))
                .findFirst();
    }

    static Claim claimOf(MemoryRun run) {
        return new Claim(
                run.start.tenant().name(),
                run.start.queue(),
                run.start.handler(),
                run.start.input(),
                run.log.size());
    }

    LiveAttempt liveAttempt(MemoryRun run, int attempt) {
        requireLive(run, attempt);
        return new LiveAttempt(Objects.requireNonNull(run.worker), run.shard, run.cancelRequested);
    }

    void append(MemoryRun run, List<MemoryJson.TypeAndData> events) {
        Instant now = now();
        events.forEach(event -> written(run, run.write(event.type(), event.data(), now)));
    }

    RunStatus failLive(MemoryRun run, String error, boolean retryable) {
        run.error = error;
        if (run.cancelRequested) {
            finish(run, RunStatus.CANCELLED, EventTypes.CANCELLED, "{}");
        } else {
            run.status = RunStatus.RETRYING;
            run.retryDecided = false;
            String data = "{\"error\":" + error + ",\"retryable\":" + retryable + "}";
            written(run, run.write(EventTypes.ATTEMPT_FAILED, data, now()));
        }
        return run.status;
    }

    RunStatus cancel(MemoryRun run, @Nullable String reason) {
        if (run.cancelRequested) {
            return run.status;
        }
        String data = reason == null ? "{}" : "{\"reason\":" + quoted(reason) + "}";
        run.cancelRequested = true;
        written(run, run.write(EventTypes.CANCEL_REQUESTED, data, now()));
        if (run.status != RunStatus.RUNNING) {
            run.error = null;
            finish(run, RunStatus.CANCELLED, EventTypes.CANCELLED, data);
        }
        return run.status;
    }

    void timedOut(MemoryRun run) {
        if (run.cancelRequested) {
            run.error = null;
            finish(run, RunStatus.CANCELLED, EventTypes.CANCELLED, "{}");
        } else {
            run.error = "{\"code\":\"run_timeout\",\"message\":\"the run took too long\"}";
            String data = "{\"error\":" + run.error + "}";
            finish(run, RunStatus.FAILED, EventTypes.FAILED, data);
        }
    }

    long finish(MemoryRun run, RunStatus status, String type, String data) {
        long seq = written(run, run.finish(status, type, data, now()));
        StartRun.Child child = run.start.child();
        MemoryRun parent = child == null || run.fork != null ? null : runs.get(child.parent());
        if (child != null && parent != null && parent.finishedAt == null) {
            childEnded(parent, run, child, data);
        }
        return seq;
    }

    void childEnded(MemoryRun parent, MemoryRun run, StartRun.Child child, String data) {
        parent.childrenEnded++;
        String ended =
                "{\"child\":\""
                        + run.id
                        + "\",\"status\":\""
                        + run.status.text()
                        + "\",\"result\":"
                        + data
                        + "}";
        written(parent, parent.write(EventTypes.CHILD_ENDED, ended, now()));
        if (run.status != RunStatus.COMPLETED && child.failsParent()) {
            parent.error =
                    "{\"code\":\"child_failed\",\"message\":\"child "
                            + run.id
                            + " is "
                            + run.status.text()
                            + "\"}";
            String failed = "{\"error\":" + parent.error + "}";
            finish(parent, RunStatus.FAILED, EventTypes.FAILED, failed);
        } else {
            wakeIfChildrenEnded(parent);
        }
    }

    void wakeIfChildrenEnded(MemoryRun run) {
        String awaited = run.wake.children();
        if (run.status == RunStatus.SUSPENDED && awaited != null && run.children > 0) {
            int enough =
                    switch (awaited) {
                        case "all" -> run.children;
                        case "any" -> 1;
                        default -> Integer.parseInt(awaited);
                    };
            if (run.childrenEnded >= Math.min(enough, run.children)) {
                wake(run, "children");
            }
        }
    }

    void childStarted(MemoryRun run) {
        StartRun.Child child = run.start.child();
        if (child != null) {
            MemoryRun parent = known(child.parent());
            parent.children++;
            String data =
                    "{\"child\":\""
                            + run.id
                            + "\",\"queue\":"
                            + quoted(run.start.queue())
                            + ",\"handler\":"
                            + quoted(run.start.handler())
                            + "}";
            written(parent, parent.write(EventTypes.CHILD_STARTED, data, now()));
        }
    }

    /** All of it, before any of it is started. */
    void check(MemoryFlow flow, Tenant tenant) {
        check(flow.start(tenant, null));
        flow.children().forEach(child -> check(child, tenant));
    }

    RunId startFlow(MemoryFlow flow, Tenant tenant, @Nullable RunId parent) {
        RunId root = startRun(flow.start(tenant, parent));
        flow.children().forEach(child -> startFlow(child, tenant, root));
        return root;
    }

    void wake(MemoryRun run, String by) {
        run.status = RunStatus.QUEUED;
        run.wake = MemoryRun.NO_WAKE;
        String data = "{\"attempt\":" + (run.attempt + 1) + ",\"by\":" + quoted(by) + "}";
        written(run, run.write(EventTypes.RESUMED, data, now()));
    }

    /** Writes into the log of a queue or schedule. */
    void writeControl(List<Event> log, int shard, String type, byte[] data) {
        RunId id = log.isEmpty() ? RunId.mint(clock, ids) : log.getFirst().run();
        Event event = new Event(id, log.size(), type, 0, now(), data);
        log.add(event);
        written.written(shard, event);
    }

    QueueSettings changeQueue(String queue, String change) {
        requireQueueName(queue);
        QueueSettings settings = queues.change(queue, change, shards);
        int places = Math.min(settings.width(), shards);
        for (int place = 0; place < places; place++) {
            List<Event> log =
                    queueLogs.computeIfAbsent(
                            queue + ' ' + shard(queue, place), any -> new ArrayList<>());
            byte[] data = WireJson.write(MemoryQueues.share(settings, place, places));
            writeControl(log, shard(queue, place), EventTypes.QUEUE_CHANGED, data);
        }
        return settings;
    }

    int shard(String queue, int place) {
        int width = Math.min(queues.settings(queue).width(), shards);
        return Math.floorMod(queue.hashCode() + Math.floorMod(place, width), shards);
    }

    static void requireQueueName(String queue) {
        require(QUEUE.matcher(queue).matches(), ErrorCode.INVALID_REQUEST, "queue name");
    }

    MemoryRun forkRun(MemoryRun source, long at, @Nullable RunId minted) {
        int most = source.log.size() - (source.finishedAt == null ? 0 : 1);
        require(at >= 1 && at <= most, ErrorCode.INVALID_REQUEST, "cannot be forked at " + at);
        RunId id = minted == null ? RunId.mint(clock, ids) : minted;
        require(!runs.containsKey(id), ErrorCode.RUN_ID_TAKEN, "a run with the id " + id);
        String key = source.start.concurrencyKey();
        int place = (key == null ? id.toString() : key).hashCode();
        StartRun start =
                source.start.toBuilder()
                        .idempotencyKey(null)
                        .runAt(null)
                        .waitFor(null)
                        .child(null)
                        .scheduled(null)
                        .build();
        Instant now = now();
        MemoryRun fork =
                new MemoryRun(
                        start,
                        id,
                        shard(start.queue(), place),
                        queues.isTopicless(start.queue()),
                        now);
        fork.fork = new Run.Fork(source.id, at);
        runs.put(id, fork);
        for (Event event : List.copyOf(source.log.subList(0, (int) at))) {
            fork.attempt = event.attempt();
            written(fork, fork.write(event.type(), event.data(), now));
        }
        if (fork.isStream()) {
            fork.status = RunStatus.SUSPENDED;
            return fork;
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

    boolean endChildren(RunId parent) {
        List<MemoryRun> orphans =
                runs.values().stream().filter(run -> run.isOrphanOf(parent)).toList();
        orphans.forEach(run -> cancel(run, "its parent has ended"));
        return !orphans.isEmpty();
    }

    boolean record(MemoryRun run, Decision.OfRun decision) {
        boolean applies =
                switch (decision) {
                    case Decision.Retry d -> run.status == RunStatus.RETRYING && !run.retryDecided;
                    case Decision.AttemptLost d -> run.status == RunStatus.RUNNING;
                    case Decision.AttemptTimedOut d -> run.status == RunStatus.RUNNING;
                    case Decision.TimedOut d -> true;
                    case Decision.EndChildren d -> false;
                    case Decision.Resume d ->
                            run.status == RunStatus.SUSPENDED && run.wake.at() != null;
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
            case Decision.EndChildren d -> throw new AssertionError("the run is open");
            case Decision.Fail d ->
                    finish(
                            run,
                            RunStatus.FAILED,
                            EventTypes.FAILED,
                            "{\"error\":" + run.error + "}");
            case Decision.Cancel d -> {
                run.error = null;
                finish(run, RunStatus.CANCELLED, EventTypes.CANCELLED, "{}");
            }
        }
        return true;
    }

    MemoryRun known(RunId id) {
        MemoryRun run = runs.get(id);
        if (run == null) {
            throw new OutrunException(ErrorCode.UNKNOWN_RUN, "unknown run " + id);
        }
        return run;
    }

    MemoryRun open(RunId id) {
        MemoryRun run = known(id);
        require(run.finishedAt == null, ErrorCode.RUN_CLOSED, "run " + id + " is closed");
        return run;
    }

    void requireLive(MemoryRun run, int attempt) {
        open(run.id);
        require(run.isLive(attempt), ErrorCode.STALE_ATTEMPT, "attempt " + attempt);
    }

    static void require(boolean condition, ErrorCode code, String what) {
        if (!condition) {
            throw new OutrunException(code, what);
        }
    }

    long written(MemoryRun run, Event event) {
        written.written(run.shard, event);
        return event.seq();
    }

    Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    static String at(Instant time) {
        return '"' + MICROSECONDS.format(time) + '"';
    }

    static String quoted(String text) {
        return new String(WireJson.write(text), StandardCharsets.UTF_8);
    }
}
