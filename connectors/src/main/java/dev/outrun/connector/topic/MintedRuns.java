package dev.outrun.connector.topic;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Run ids whose topics are already made: a pool per tenant, refilled in the background in batches,
 * so that a new run's first event does not wait for its topic. Makes no more topics than there may
 * be. Thread-safe.
 */
public final class MintedRuns implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(MintedRuns.class);

    /** How old an id may be that is given out: its topic is an orphan later, not before. */
    static final Duration UNUSED_MAX = Duration.ofMinutes(30);

    /** So often the pools are looked through for ids that are too old. */
    private static final Duration LOOK_EVERY = Duration.ofMinutes(1);

    private static final Duration DELETE_LIMIT = Duration.ofSeconds(10);

    /** Tenants with a pool; others get ids whose topics the connector makes. */
    private static final int TENANTS_MAX = 64;

    /** After a failed refill, unless an id is taken before. */
    private static final Duration RETRY = Duration.ofSeconds(1);

    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

    private final RunTopics runTopics;
    private final Topics topics;
    private final int poolSize;
    private final RunTopicCount count;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final Map<Tenant, Pool> pools = new ConcurrentHashMap<>();
    private final Semaphore refillWanted = new Semaphore(0);
    private final Thread refiller;
    private volatile boolean closed;

    private static final class Pool {
        final ConcurrentLinkedQueue<RunId> ids = new ConcurrentLinkedQueue<>();
        final AtomicInteger size = new AtomicInteger();
    }

    /**
     * With empty pools: a tenant's is filled once one of its ids is taken, the default tenant's at
     * {@link #fill} too.
     *
     * @param poolSize ids kept ready per tenant
     * @param count learns what topics are made and going to be made, and says when there are enough
     * @param random thread-safe
     */
    public MintedRuns(
            KafkaAddress kafka,
            Topics topics,
            int poolSize,
            RunTopicCount count,
            InstantSource clock,
            RandomGenerator random) {
        if (poolSize < 1 || poolSize > 10_000) {
            throw new IllegalArgumentException(
                    "minted-runs.pool-size is " + poolSize + ", not 1 to 10000");
        }
        this.runTopics = new RunTopics(kafka, "outrun-minted-runs");
        this.topics = topics;
        this.poolSize = poolSize;
        this.count = count;
        this.clock = clock;
        this.random = random;
        pools.put(Tenant.DEFAULT, new Pool());
        this.refiller = Thread.ofVirtual().name("outrun-minted-runs").start(this::refillLoop);
    }

    /** Starts to fill the default tenant's pool, in the background. */
    public void fill() {
        wake();
    }

    /**
     * An id nobody else has. Its topic exists, unless the pool is empty just now: then the
     * connector makes it. Never blocks.
     *
     * @throws OutrunException {@code too_many_runs} where the pool is empty and there are as many
     *     run topics as there may be
     */
    public RunId take(Tenant tenant) {
        Pool pool = pool(tenant);
        RunId id = pool == null ? null : next(pool);
        if (pool == null || id == null || pool.size.get() <= poolSize / 2) {
            wake();
        }
        return id == null ? mint(tenant) : id;
    }

    /** The pool's next id; null if it has none but such as are too old. */
    private @Nullable RunId next(Pool pool) {
        RunId oldest = pool.ids.peek();
        RunId id = oldest == null || isOld(oldest) ? null : pool.ids.poll();
        if (id != null) {
            pool.size.decrementAndGet();
        }
        return id;
    }

    private RunId mint(Tenant tenant) {
        RunId id = RunId.mint(clock, random);
        if (!count.add(topics.run(tenant, id))) {
            throw new OutrunException(
                    ErrorCode.TOO_MANY_RUNS,
                    "there are %d run topics and may be no more than %d: a run's topic goes some time"
                                    .formatted(count.count(), count.max())
                            + " after the run has finished");
        }
        return id;
    }

    /** Ids of a tenant ready to be taken. */
    public int ready(Tenant tenant) {
        Pool pool = pools.get(tenant);
        return pool == null ? 0 : pool.size.get();
    }

    /** Ids ready to be taken, of all tenants. */
    public int ready() {
        return pools.values().stream().mapToInt(pool -> pool.size.get()).sum();
    }

    /** Deletes the topics of ids nobody has taken, if the broker answers in time. Idempotent. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        refillWanted.release();
        try {
            // A batch just being made is awaited, so that it is deleted with the others.
            refiller.join(CLOSE_LIMIT);
            refiller.interrupt();
            List<String> unused = new ArrayList<>();
            pools.forEach((tenant, pool) -> {
                for (RunId id = pool.ids.poll(); id != null; id = pool.ids.poll()) {
                    unused.add(topics.run(tenant, id));
                }
            });
            runTopics.delete(unused, CLOSE_LIMIT);
        } catch (ExecutionException e) {
            LOG.warn("unused run topics stay behind until the reaper finds them", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            runTopics.close();
        }
    }

    private @Nullable Pool pool(Tenant tenant) {
        Pool pool = pools.get(tenant);
        return pool != null || pools.size() >= TENANTS_MAX
                ? pool
                : pools.computeIfAbsent(tenant, t -> new Pool());
    }

    private void wake() {
        if (refillWanted.availablePermits() == 0) {
            refillWanted.release();
        }
    }

    private void refillLoop() {
        try {
            while (!closed) {
                boolean _ = refillWanted.tryAcquire(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS);
                refillWanted.drainPermits();
                for (Map.Entry<Tenant, Pool> entry : pools.entrySet()) {
                    if (!closed) {
                        dropOld(entry.getKey(), entry.getValue());
                        refill(entry.getKey(), entry.getValue());
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        }
    }

    private void dropOld(Tenant tenant, Pool pool) throws InterruptedException {
        List<String> dropped = new ArrayList<>();
        for (RunId id : pool.ids) {
            if (!isOld(id)) {
                break; // those behind it are younger
            }
            if (pool.ids.remove(id)) { // else it was taken just now
                pool.size.decrementAndGet();
                dropped.add(topics.run(tenant, id));
            }
        }
        try {
            runTopics.delete(dropped, DELETE_LIMIT);
            count.remove(dropped);
        } catch (ExecutionException e) {
            LOG.warn("old run topics are left to the reaper count={}", dropped.size(), e);
        }
    }

    private boolean isOld(RunId id) {
        Instant minted = id.mintedAt();
        return minted == null || minted.isBefore(clock.instant().minus(UNUSED_MAX));
    }

    private void refill(Tenant tenant, Pool pool) throws InterruptedException {
        Map<String, RunId> ids = new LinkedHashMap<>();
        for (int i = pool.size.get(); i < poolSize; i++) {
            RunId id = RunId.mint(clock, random);
            String topic = topics.run(tenant, id);
            if (!count.add(topic)) {
                break; // the next one that is taken asks again
            }
            ids.put(topic, id);
        }
        try {
            runTopics.create(ids.keySet());
            pool.ids.addAll(ids.values());
            pool.size.addAndGet(ids.size());
        } catch (ExecutionException e) {
            count.remove(ids.keySet());
            LOG.warn("run topics cannot be made ahead tenant={} count={}", tenant, ids.size(), e);
            if (!refillWanted.tryAcquire(RETRY.toMillis(), TimeUnit.MILLISECONDS)) {
                wake();
            }
        }
    }
}
