package dev.outrun.api.hub;

import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.Run;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
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
    private volatile boolean closing;

    private Hub(HubConfig config, Tail tail, History history) {
        this.config = config;
        this.tail = tail;
        this.history = history;
        this.places = new Semaphore(config.clientsMax());
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
        Hub hub = new Hub(config, tail, new History(config, ledger, topics, consumers));
        tail.start();
        return hub;
    }

    /**
     * Subscribes to a run, as the ledger just returned it, from a seq on. Throws {@code
     * unavailable} where there are too many clients or the hub is closing.
     */
    public Subscription subscribe(Run run, long from) {
        if (!places.tryAcquire()) {
            throw new OutrunException(
                    ErrorCode.UNAVAILABLE,
                    "this node has its " + config.clientsMax() + " event-stream clients");
        }
        Inbox inbox = new Inbox(config.queueEventsMax(), config.queueBytesMax());
        Watch watch = run.status().isTerminal() ? null : tail.enter(run, inbox);
        Subscription subscription = new Subscription(this, run, from, inbox, watch);
        open.add(subscription);
        if (closing) {
            subscription.close();
            throw new OutrunException(ErrorCode.UNAVAILABLE, "the server is closing");
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
        return open.size();
    }

    /** Why live events do not come, where they do not; they then come late, from Postgres. */
    public @Nullable String problem() {
        return tail.problem();
    }

    /** Tells every subscriber that it is over, and refuses new ones. */
    public void end() {
        closing = true;
        open.forEach(subscription -> subscription.inbox().close());
    }

    @Override
    public void close() {
        end();
        tail.close();
        history.close();
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
