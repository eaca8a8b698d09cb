package dev.outrun.connector.topic;

import dev.outrun.connector.source.ControlConnection;
import dev.outrun.connector.source.ReapableRuns;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import dev.outrun.schema.topic.Topics.RunTopic;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes the run topics that nobody needs any more, sweep by sweep: those of runs that have
 * finished long enough ago, whose events are read from Postgres from then on; and orphans, which
 * were made ahead and never used. Counts the others. Thread-safe: one sweep at a time.
 *
 * <p>It keeps nothing from one sweep to the next. Killed at any place, it is the next sweep that
 * finishes; a topic that was made again is found again; several nodes may sweep, and do not get in
 * each other's way.
 */
public final class Reaper implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Reaper.class);

    /** Since its id was minted. Nobody gives out an id that is more than half as old. */
    private static final Duration ORPHAN_AGE = MintedRuns.UNUSED_MAX.multipliedBy(2);

    /** Topics of one question and one deletion, which brokers do not interrupt for anyone. */
    private static final int BATCH = 200;

    private static final Duration DELETE_LIMIT = Duration.ofSeconds(30);

    private final Topics topics;
    private final Duration retention;
    private final RunTopicCount count;
    private final InstantSource clock;
    private final ControlConnection control;
    private final ReapableRuns runs;
    private final RunTopics runTopics;

    /**
     * What a sweep did.
     *
     * @param found run topics there were
     * @param finished those deleted because their run has
     * @param unused orphans deleted
     */
    public record Swept(int found, int finished, int unused) {}

    /**
     * A reaper; it opens its connections when it first needs them.
     *
     * @param count learns how many run topics there are
     */
    public Reaper(
            PostgresAddress postgres,
            KafkaAddress kafka,
            Topics topics,
            RunTopicLimits limits,
            RunTopicCount count,
            InstantSource clock) {
        this.topics = topics;
        this.retention = limits.retention();
        this.count = count;
        this.clock = clock;
        this.control = new ControlConnection(postgres);
        this.runs = new ReapableRuns(control);
        this.runTopics = new RunTopics(kafka, "outrun-reaper");
    }

    /**
     * Looks at every run topic once.
     *
     * @throws OutrunException {@code unavailable} where Postgres or Kafka do not answer; what is
     *     left over is the next sweep's
     */
    public synchronized Swept sweep() throws InterruptedException {
        try {
            List<RunTopic> found = list();
            Instant now = clock.instant();
            int finished = 0;
            int unused = 0;
            for (int from = 0; from < found.size(); from += BATCH) {
                List<RunTopic> batch = found.subList(from, Math.min(found.size(), from + BATCH));
                finished += deleteFinished(batch, now.minus(retention));
                unused += deleteUnused(batch, now.minus(ORPHAN_AGE));
            }
            return told(new Swept(found.size(), finished, unused));
        } catch (SQLException | ExecutionException e) {
            throw new OutrunException(
                    ErrorCode.UNAVAILABLE, "the sweep cannot go on: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        control.close();
        runTopics.close();
    }

    private List<RunTopic> list() throws InterruptedException, ExecutionException {
        count.beginListing();
        Map<String, RunTopic> found = new HashMap<>();
        for (String name : runTopics.names()) {
            RunTopic topic = topics.runTopic(name);
            if (topic != null) {
                found.put(name, topic);
            }
        }
        count.list(found.keySet());
        return List.copyOf(found.values());
    }

    /**
     * The mark in the ledger first: a topic that is gone without one was deleted by hand. Nobody
     * who has kept reapers out finds a topic gone that he has just seen.
     */
    private int deleteFinished(List<RunTopic> batch, Instant finishedBefore)
            throws SQLException, InterruptedException, ExecutionException {
        if (!runs.tryLock()) {
            return 0; // they are still there at the next sweep
        }
        try {
            return delete(names(runs.reap(batch, finishedBefore)));
        } finally {
            runs.unlock();
        }
    }

    /**
     * Only empty ones: whose the records of another one were nobody knows any more, and they may be
     * their only copy. An id that is first used at this very moment has its topic made again by the
     * connector.
     */
    private int deleteUnused(List<RunTopic> batch, Instant mintedBefore)
            throws SQLException, InterruptedException, ExecutionException {
        List<RunTopic> old =
                batch.stream().filter(topic -> isMinted(topic.run(), mintedBefore)).toList();
        if (old.isEmpty()) {
            return 0;
        }
        List<String> empty = new ArrayList<>();
        runTopics
                .ends(names(runs.unused(old)))
                .forEach((topic, end) -> {
                    if (end == 0) {
                        empty.add(topic);
                    }
                });
        return delete(empty);
    }

    private static boolean isMinted(RunId run, Instant before) {
        Instant minted = run.mintedAt();
        return minted != null && minted.isBefore(before);
    }

    private int delete(List<String> names) throws InterruptedException, ExecutionException {
        int deleted = runTopics.delete(names, DELETE_LIMIT);
        count.remove(names);
        return deleted;
    }

    private List<String> names(List<RunTopic> some) {
        return some.stream().map(topics::run).toList();
    }

    private Swept told(Swept swept) {
        if (swept.finished() + swept.unused() > 0) {
            LOG.info(
                    "deleted run topics finished={} unused={} left={}",
                    swept.finished(),
                    swept.unused(),
                    count.count());
        }
        if (count.isFull()) {
            LOG.warn(
                    "run topics are at their limit: no run is started over HTTP count={} max={}",
                    count.count(),
                    count.max());
        }
        return swept;
    }
}
