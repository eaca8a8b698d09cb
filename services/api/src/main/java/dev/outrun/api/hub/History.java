package dev.outrun.api.hub;

import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.Run;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.Topics;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stretches of runs' logs, page by page: from the run's topic, and from Postgres what the topic
 * does not have (yet, or any more); of a run whose topic was reaped all of it. A few threads with a
 * consumer each do the reading, so that no client, however slow, holds one longer than a page
 * takes.
 */
public final class History implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(History.class);

    /** After a broker that did not answer: how long only Postgres is asked. */
    private static final Duration TOPICS_AVOIDED = Duration.ofSeconds(5);

    /** Events asked for in one query: rarely more than a page of tokens. */
    private static final int QUERY_EVENTS_MAX = 512;

    private static final Duration CLOSE_MAX = Duration.ofSeconds(2);

    private final HubConfig config;
    private final Ledger ledger;
    private final Topics topics;
    private final Consumers consumers;
    private final ExecutorService threads;
    private final ConcurrentLinkedDeque<TopicReader> idle = new ConcurrentLinkedDeque<>();
    private final AtomicInteger made = new AtomicInteger();
    private volatile long topicsFrom = System.nanoTime();

    History(HubConfig config, Ledger ledger, Topics topics, Consumers consumers) {
        this.config = config;
        this.ledger = ledger;
        this.topics = topics;
        this.consumers = consumers;
        this.threads =
                Executors.newFixedThreadPool(
                        config.historyReaders(),
                        Thread.ofPlatform().name("outrun-hub-history-", 0).daemon().factory());
    }

    /**
     * Events from {@code from} on and below {@code to}, which the caller knows to be committed: at
     * least one, without a hole, as many as fit a page. Throws {@code unavailable} where neither
     * the topic nor Postgres gives them, and {@code expired} where they are not kept any more.
     */
    public List<Event> page(Run run, long from, long to) throws InterruptedException {
        return page(LogPlace.of(run), from, to);
    }

    List<Event> page(LogPlace log, long from, long to) throws InterruptedException {
        Future<List<Event>> page;
        try {
            page = threads.submit(() -> read(log, from, to));
        } catch (RejectedExecutionException e) {
            throw new OutrunException(ErrorCode.UNAVAILABLE, "the server is closing", e);
        }
        try {
            return page.get();
        } catch (InterruptedException e) {
            page.cancel(false); // one that has begun ends by itself, soon
            throw e;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof OutrunException known) {
                throw known;
            }
            throw new IllegalStateException("reading history of run " + log.run(), e.getCause());
        }
    }

    /**
     * Throws {@code expired} where a run's events from a seq on are not kept any more. Those of an
     * open run and of one that has its topic are.
     */
    void requireKept(Run run, long from) {
        boolean mayBeGone = run.status().isTerminal() && !LogPlace.of(run).hasTopic();
        if (mayBeGone && from < run.nextSeq()) {
            ledger.events(run.id(), from, 1);
        }
    }

    @Override
    public void close() {
        threads.shutdown();
        try {
            if (!threads.awaitTermination(CLOSE_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
                threads.shutdownNow();
            }
        } catch (InterruptedException e) {
            threads.shutdownNow();
            Thread.currentThread().interrupt();
        }
        for (TopicReader reader = idle.poll(); reader != null; reader = idle.poll()) {
            reader.close();
        }
    }

    private List<Event> read(LogPlace log, long from, long to) {
        List<Event> events = fromTopic(log, from, to);
        if (events.isEmpty()) {
            events = fromLedger(log.run(), from, to);
        }
        if (events.isEmpty() || events.getFirst().seq() != from) {
            throw new OutrunException(
                    ErrorCode.UNAVAILABLE,
                    "event " + from + " of run " + log.run() + " cannot be read now");
        }
        return events;
    }

    private List<Event> fromTopic(LogPlace log, long from, long to) {
        if (!log.hasTopic() || System.nanoTime() - topicsFrom < 0) {
            return List.of();
        }
        String topic = topics.run(log.tenant(), log.run());
        TopicReader reader = idle.poll();
        try {
            if (reader == null) {
                reader =
                        new TopicReader(
                                consumers.history(
                                        made.incrementAndGet(), config.historyPageBytesMax()));
            }
            List<Event> events = reader.read(topic, log.run(), from, to);
            idle.push(reader);
            return events;
        } catch (RuntimeException e) { // no answer, or no event: the reader is in an unknown state
            LOG.warn(
                    "event=history_topic_unread run={} topic={} seq={}", log.run(), topic, from, e);
            topicsFrom = System.nanoTime() + TOPICS_AVOIDED.toNanos();
            if (reader != null) {
                reader.close();
            }
            return List.of();
        }
    }

    private List<Event> fromLedger(RunId run, long from, long to) {
        int limit = (int) Math.min(to - from, QUERY_EVENTS_MAX);
        List<Event> events = ledger.events(run, from, limit);
        long bytes = 0;
        for (int i = 0; i < events.size(); i++) {
            bytes += events.get(i).data().length;
            if (bytes >= config.historyPageBytesMax()) {
                return List.copyOf(events.subList(0, i + 1)); // a copy, to let go of the rest
            }
        }
        return events;
    }
}
