package dev.outrun.worker.lease;

import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.LiveAttempt;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import dev.outrun.schema.work.Heartbeat;
import dev.outrun.worker.ShareGroupTasks;
import dev.outrun.worker.WorkerConfig;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leases of attempts. An attempt is leased to whoever asks first, under a name of its own, and
 * stays theirs as long as they show every few seconds that they live; nobody here keeps account of
 * it, so that they may go on at another node. May be called from any thread.
 *
 * <p>For each set of handlers that somebody asks for, this is a member of the workers' share
 * groups, like a worker with these handlers, and fetches a task at a time while somebody waits.
 */
public final class TaskLeases implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(TaskLeases.class);

    /** How often whoever makes an attempt should say so: three times before it is missed. */
    public static final Duration HEARTBEAT_EVERY = Duration.ofSeconds(3);

    private static final Duration LIVES_EVERY = Duration.ofSeconds(1);

    /** Attempts that append at the same time; of more, some show too often that they live. */
    private static final int LATELY_MAX = 10_000;

    /** A client that has gone shows at the second look. */
    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

    /** Of all sets of handlers: one for each set, and one for each handler in it. */
    private static final int CONSUMERS_MAX = 256;

    private final Ledger ledger;
    private final Topics topics;
    private final KafkaAddress kafka;
    private final InstantSource clock;
    private final RandomGenerator random;

    /** By their handlers, the least recently asked first. */
    private final LinkedHashMap<Set<String>, Desk> desks = new LinkedHashMap<>(16, 0.75f, true);

    private final ReentrantLock desksLock = new ReentrantLock();
    private volatile boolean closed;

    /** When an attempt was last shown to live, nanoseconds; the least recently used first. */
    private final LinkedHashMap<Key, Long> lately =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<Key, Long> eldest) {
                    return size() > LATELY_MAX;
                }
            };

    private final Object signsLock = new Object();
    private @Nullable AttemptSigns signs;

    /**
     * No leases; connects when somebody asks for one.
     *
     * @param random tells claims apart: seeded otherwise in every process, for several threads
     */
    public TaskLeases(
            Ledger ledger,
            Topics topics,
            KafkaAddress kafka,
            InstantSource clock,
            RandomGenerator random) {
        this.ledger = ledger;
        this.topics = topics;
        this.kafka = kafka;
        this.clock = clock;
        this.random = random;
    }

    private record Key(RunId run, int attempt) {}

    private record Desk(LeaseDesk people, ShareGroupTasks tasks) {

        void close() {
            people.close();
            tasks.close();
        }
    }

    /**
     * Waits for a task of one of these handlers and claims it; empty when the wait is over, which
     * may be a second longer. Runs of these handlers may be started from now on.
     *
     * @param worker a name for people, which need not be unique
     * @throws OutrunException {@code unavailable} where Kafka does not answer, {@code
     *     too_many_handlers} where others wait for too many other sets of handlers, {@code
     *     invalid_request} for a handler without a proper name
     * @throws IOException if the client is gone; what was claimed for it is handed back
     */
    public Optional<LeasedTask> lease(
            String worker, Collection<String> handlers, Duration wait, LeaseClient client)
            throws InterruptedException, IOException {
        return desk(Set.copyOf(handlers)).lease(worker, wait, client);
    }

    /** Hands an attempt back that its client has not heard of. */
    public void handBack(LeasedTask leased) {
        leased.handBack(ledger);
    }

    /** Ends the waits of this worker here, whoever's they are; how many there were. */
    public int leave(String worker) {
        desksLock.lock();
        try {
            return desks.values().stream().mapToInt(desk -> desk.people().sendAway(worker)).sum();
        } finally {
            desksLock.unlock();
        }
    }

    /**
     * Shows that whoever makes an attempt lives.
     *
     * @return the attempt, and whether it is to stop
     * @throws OutrunException {@code unknown_run}, {@code run_closed}, {@code stale_attempt} where
     *     it is not the live one; {@code unavailable}
     */
    public LiveAttempt heartbeat(RunId run, int attempt) throws InterruptedException {
        LiveAttempt live = ledger.liveAttempt(run, attempt);
        Heartbeat heartbeat =
                Heartbeat.of(live.worker())
                        .orElseThrow(() ->
                                new OutrunException(
                                        ErrorCode.INVALID_REQUEST,
                                        "attempt " + attempt + " of run " + run + " is no lease"));
        try {
            Future<RecordMetadata> sent = signs().send(heartbeat, live.shard());
            sent.get();
        } catch (KafkaException | ExecutionException e) {
            throw new OutrunException(ErrorCode.UNAVAILABLE, "Kafka does not answer", e);
        }
        return live;
    }

    /** The same for whoever has just appended something; of the signs of a second, one counts. */
    public void lives(RunId run, int attempt) {
        Long now = System.nanoTime();
        boolean isNew;
        synchronized (lately) {
            Long before = lately.get(new Key(run, attempt));
            isNew = before == null || now - before >= LIVES_EVERY.toNanos();
            if (isNew) {
                lately.put(new Key(run, attempt), now);
            }
        }
        if (!isNew) {
            return;
        }
        try {
            heartbeat(run, attempt);
        } catch (OutrunException e) {
            // The append has succeeded; if it goes on like this, heartbeats say so.
            log.debug("no sign of life run={} attempt={} code={}", run, attempt, e.code());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private LeaseDesk desk(Set<String> handlers) {
        desksLock.lock();
        try {
            requireOpen();
            Desk open = desks.get(handlers);
            if (open == null) {
                makeRoom(handlers);
                open = open(handlers);
                desks.put(handlers, open);
            }
            return open.people();
        } finally {
            desksLock.unlock();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new OutrunException(ErrorCode.UNAVAILABLE, "this node stops");
        }
    }

    private void makeRoom(Set<String> handlers) {
        while (consumers(handlers) + desks.keySet().stream().mapToInt(TaskLeases::consumers).sum()
                > CONSUMERS_MAX) {
            var idle =
                    desks.entrySet().stream()
                            .filter(each -> each.getValue().people().waiting() == 0)
                            .findFirst()
                            .orElseThrow(() ->
                                    new OutrunException(
                                            ErrorCode.TOO_MANY_HANDLERS,
                                            "workers wait for too many different handlers here"));
            desks.remove(idle.getKey());
            idle.getValue().close();
        }
    }

    private static int consumers(Set<String> handlers) {
        return 1 + handlers.size();
    }

    private Desk open(Set<String> handlers) {
        ledger.registerHandlers(handlers);
        LeaseDesk people = new LeaseDesk(handlers, ledger, this::claimant, LOOK_EVERY);
        // One task at a time: a second one would be kept from everybody else.
        WorkerConfig config = new WorkerConfig("leases", 1, 1, Duration.ZERO, Duration.ZERO);
        ShareGroupTasks tasks = new ShareGroupTasks(kafka, topics, config);
        tasks.start(people);
        return new Desk(people, tasks);
    }

    /** Unlike any other's, so that its silence is nobody else's. */
    private String claimant(String worker) {
        String name = worker + "." + Long.toHexString(random.nextLong());
        return Heartbeat.claimant(name, clock.millis());
    }

    private AttemptSigns signs() {
        synchronized (signsLock) {
            requireOpen();
            if (signs == null) {
                signs = new AttemptSigns(kafka, topics.heartbeats());
            }
            return signs;
        }
    }

    /** What keeps tasks from those who wait; empty while all is well. */
    public Optional<String> problem() {
        desksLock.lock();
        try {
            return desks.values().stream()
                    .map(desk -> desk.tasks().problem())
                    .flatMap(Optional::stream)
                    .findFirst();
        } finally {
            desksLock.unlock();
        }
    }

    /** Sends everybody away who waits, and takes no more tasks; what is leased goes on. */
    @Override
    public void close() {
        try (var closing = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Desk desk : end()) {
                closing.execute(desk::close);
            }
        }
        synchronized (signsLock) {
            if (signs != null) {
                signs.close();
            }
        }
    }

    private List<Desk> end() {
        desksLock.lock();
        try {
            closed = true;
            return List.copyOf(desks.values());
        } finally {
            desksLock.unlock();
        }
    }
}
