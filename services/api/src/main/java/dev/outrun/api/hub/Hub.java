package dev.outrun.api.hub;

import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.Run;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The node's readers of runs' logs: one {@link Tail}, one {@link History}, and a {@link
 * Subscription} per client. May be used from any thread.
 */
public final class Hub implements AutoCloseable {

    private final HubConfig config;
    private final Tail tail;
    private final History history;
    private final Semaphore places;
    private final Set<Subscription> open = ConcurrentHashMap.newKeySet();
    private final Consumers consumers;
    private final String firehose;
    private final KnownRuns knownRuns;
    private final Semaphore firehosePlaces;
    private final Set<FirehoseSubscription> openFirehoses = ConcurrentHashMap.newKeySet();
    private final AtomicInteger firehosesMade = new AtomicInteger();
    private volatile boolean closing;

    private Hub(
            HubConfig config,
            Tail tail,
            History history,
            Consumers consumers,
            String firehose,
            Ledger ledger) {
        this.config = config;
        this.tail = tail;
        this.history = history;
        this.places = new Semaphore(config.clientsMax());
        this.consumers = consumers;
        this.firehose = firehose;
        this.knownRuns = new KnownRuns(ledger);
        this.firehosePlaces = new Semaphore(config.firehoseClientsMax());
    }

    /** A hub that is ready for subscribers; the broker need not be up. */
    public static Hub start(HubConfig config, Ledger ledger, Topics topics, KafkaAddress kafka) {
        Consumers consumers = new Consumers(kafka, topics);
        return start(config, ledger, topics, consumers, consumers::tail);
    }

    static Hub start(
            HubConfig config,
            Ledger ledger,
            Topics topics,
            Consumers consumers,
            Supplier<Consumer<byte[], byte[]>> tails) {
        Tail tail = new Tail(tails, topics.events(), ledger, config.tailLinger());
        Hub hub =
                new Hub(
                        config,
                        tail,
                        new History(config, ledger, topics, consumers),
                        consumers,
                        topics.events(),
                        ledger);
        tail.start();
        return hub;
    }

    /**
     * Subscribes to a run, as the ledger just returned it, from a seq on. Throws {@code
     * unavailable} where there are too many clients or the hub is closing, and {@code expired}
     * where what is there from this seq on is not kept any more.
     */
    public Subscription subscribe(Run run, long from) {
        return subscribe(run, from, new Inbox(config.queueEventsMax(), config.queueBytesMax()));
    }

    /**
     * Subscribes to several runs, as the ledger just returned them, each from its own seq on. What
     * may wait for one reader is divided among them; each counts as a client. Throws as {@link
     * #subscribe(Run, long)}.
     */
    public MergedSubscription subscribe(List<Run> runs, List<Long> from) {
        Bell bell = new Bell();
        List<Subscription> all = new ArrayList<>();
        try {
            for (int i = 0; i < runs.size(); i++) {
                Inbox inbox =
                        new Inbox(
                                Math.max(1, config.queueEventsMax() / runs.size()),
                                Math.max(1, config.queueBytesMax() / runs.size()),
                                bell::ring);
                all.add(subscribe(runs.get(i), from.get(i), inbox));
            }
        } catch (RuntimeException e) {
            all.forEach(Subscription::close);
            throw e;
        }
        return new MergedSubscription(all, from, bell, config.idleCheck());
    }

    private Subscription subscribe(Run run, long from, Inbox inbox) {
        history.requireKept(run, from);
        if (!places.tryAcquire()) {
            throw new OutrunException(
                    ErrorCode.UNAVAILABLE,
                    "this node has its " + config.clientsMax() + " event-stream clients");
        }
        Watch watch = run.status().isTerminal() ? null : tail.enter(run, inbox);
        Subscription subscription = new Subscription(this, run, from, inbox, watch);
        open.add(subscription);
        if (closing) {
            subscription.close();
            throw new OutrunException(ErrorCode.UNAVAILABLE, "the server is closing");
        }
        return subscription;
    }

    /**
     * Subscribes to all runs that a query wants, from a place in the firehose on. Throws {@code
     * unavailable} where there are too many such clients, the hub is closing or the broker does not
     * answer; {@code invalid_seq} and {@code expired} for a place that is not there.
     */
    public FirehoseSubscription subscribe(FirehoseQuery query, FirehosePlace from) {
        if (!firehosePlaces.tryAcquire()) {
            throw new OutrunException(
                    ErrorCode.UNAVAILABLE,
                    "this node has its " + config.firehoseClientsMax() + " readers of all events");
        }
        FirehoseSubscription subscription;
        try {
            subscription =
                    FirehoseSubscription.open(
                            consumers.firehose(firehosesMade.incrementAndGet()),
                            firehose,
                            knownRuns,
                            query,
                            from,
                            this::leaveFirehose);
        } catch (RuntimeException e) {
            firehosePlaces.release();
            throw e;
        }
        openFirehoses.add(subscription);
        if (closing) {
            subscription.end();
        }
        return subscription;
    }

    /** Pages of runs' logs. */
    public History history() {
        return history;
    }

    public HubConfig config() {
        return config;
    }

    /** Open subscriptions. */
    public int clients() {
        return open.size() + openFirehoses.size();
    }

    /** Why live events do not come, where they do not; they then come late, from Postgres. */
    public @Nullable String problem() {
        return tail.problem();
    }

    /** Tells every subscriber that it is over, and refuses new ones. */
    public void end() {
        closing = true;
        open.forEach(subscription -> subscription.inbox().close());
        openFirehoses.forEach(FirehoseSubscription::end);
    }

    @Override
    public void close() {
        end();
        tail.close();
        history.close();
    }

    private void leaveFirehose(FirehoseSubscription subscription) {
        openFirehoses.remove(subscription);
        firehosePlaces.release();
    }

    void leave(Subscription subscription) {
        Watch watch = subscription.watch();
        if (watch != null) {
            tail.leave(watch, subscription.inbox());
        }
        open.remove(subscription);
        places.release();
    }
}
