package dev.outrun.api.hub;

import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.Run;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.RecordHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's one live reader: a thread with a consumer that follows the end of the firehose, as far
 * as somebody watches, and hands each event to the inboxes of its run. An event is turned into a
 * frame once, whoever many get it.
 *
 * <p>The join. An inbox is first entered under its run; then the tail gets a position in the run's
 * shard, or has one; then the inbox says {@code REJOIN} and the subscriber reads the run's next seq
 * in the ledger. Events below it are history. Events from it on commit later than that, are
 * published later still, hence lie behind the tail's position, and find the inbox entered. When the
 * tail loses its place it takes a new one and every inbox says {@code REJOIN} again.
 */
final class Tail implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Tail.class);

    /** How long a poll may go without looking whether a shard has lost its last subscriber. */
    private static final Duration POLL = Duration.ofSeconds(1);

    /** How long the first look at a new position waits; doubled for each further one. */
    private static final Duration SETTLE_FIRST = Duration.ofMillis(2);

    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final Duration CLOSE_MAX = Duration.ofSeconds(2);

    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final String topic;
    private final Ledger ledger;
    private final Shards shards;
    private final Map<RunId, Watch> watches = new ConcurrentHashMap<>();
    private final Thread thread;
    private volatile @Nullable Consumer<byte[], byte[]> consumer;
    private volatile @Nullable String problem;

    Tail(
            Supplier<Consumer<byte[], byte[]>> consumers,
            String topic,
            Ledger ledger,
            Duration linger) {
        this.consumers = consumers;
        this.topic = topic;
        this.ledger = ledger;
        this.shards = new Shards(linger.toNanos());
        this.thread = Thread.ofPlatform().name("outrun-hub-tail").daemon().unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /** Enters an inbox under its run; it will say {@code REJOIN} once the shard is settled. */
    Watch enter(Run run, Inbox inbox) {
        Watch watch =
                watches.compute(
                        run.id(),
                        (id, known) -> {
                            Watch w = known == null ? new Watch(id, run.shard(), ledger) : known;
                            w.add(inbox);
                            return w;
                        });
        if (shards.enter(run.shard())) {
            inbox.rejoin();
        } else {
            wake();
        }
        return watch;
    }

    void leave(Watch watch, Inbox inbox) {
        watches.computeIfPresent(
                watch.run(),
                (id, known) -> {
                    known.remove(inbox);
                    return known.isEmpty() ? null : known;
                });
        shards.leave(watch.shard());
    }

    /** Runs that are watched. */
    int watched() {
        return watches.size();
    }

    /** Why live events do not come, where they do not. */
    @Nullable String problem() {
        return problem;
    }

    @Override
    public void close() {
        shards.close();
        wake();
        try {
            if (!thread.join(CLOSE_MAX)) {
                thread.interrupt();
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }

    private void wake() {
        Consumer<byte[], byte[]> live = consumer;
        if (live != null) {
            live.wakeup();
        }
    }

    private void run() {
        try {
            while (!shards.isClosed()) {
                try {
                    followWithOneConsumer();
                } catch (RuntimeException e) {
                    if (!shards.isClosed()) {
                        LOG.warn("event=tail_lost topic={}", topic, e);
                    }
                    problem = "the firehose cannot be followed: " + e.getClass().getSimpleName();
                    shards.unsettle();
                    shards.awaitClosed(RETRY.toNanos());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // only close() interrupts: the thread ends
        } finally {
            problem = "the firehose is not followed any more";
        }
    }

    private void followWithOneConsumer() throws InterruptedException {
        Consumer<byte[], byte[]> live = consumers.get();
        try {
            consumer = live;
            follow(live);
        } finally {
            consumer = null;
            Consumers.close(live);
        }
    }

    private void follow(Consumer<byte[], byte[]> live) throws InterruptedException {
        Duration patience = SETTLE_FIRST;
        Set<TopicPartition> assigned = Set.of();
        Set<TopicPartition> unsettled = new HashSet<>();
        while (true) {
            Set<TopicPartition> wanted = partitions(shards.await());
            if (wanted.isEmpty()) {
                return;
            }
            if (!wanted.equals(assigned)) {
                live.assign(wanted);
                List<TopicPartition> added = added(wanted, assigned);
                if (!added.isEmpty()) {
                    live.seekToEnd(added);
                }
                unsettled.addAll(added);
                unsettled.retainAll(wanted);
                assigned = wanted;
                patience = SETTLE_FIRST;
            }
            try {
                live.poll(unsettled.isEmpty() ? POLL : patience).forEach(this::deliver);
                settle(live, unsettled);
                if (!unsettled.isEmpty() && patience.equals(POLL)) {
                    problem = "the broker gives no position in the firehose";
                }
                patience = patience.compareTo(POLL) < 0 ? patience.multipliedBy(2) : POLL;
            } catch (WakeupException e) {
                // Somebody wants another shard, or the tail is closing: both are seen above.
            }
        }
    }

    private static List<TopicPartition> added(
            Set<TopicPartition> wanted, Set<TopicPartition> assigned) {
        return wanted.stream().filter(p -> !assigned.contains(p)).toList();
    }

    private Set<TopicPartition> partitions(Set<Integer> wanted) {
        Set<TopicPartition> partitions = new HashSet<>();
        wanted.forEach(shard -> partitions.add(new TopicPartition(topic, shard)));
        return partitions;
    }

    /** Looks, without waiting, which of the partitions have got their position. */
    private void settle(Consumer<byte[], byte[]> live, Set<TopicPartition> unsettled) {
        for (TopicPartition partition : List.copyOf(unsettled)) {
            try {
                live.position(partition, Duration.ZERO);
            } catch (TimeoutException e) {
                continue; // the broker has been asked; the next round sees the answer
            }
            unsettled.remove(partition);
            problem = unsettled.isEmpty() ? null : problem;
            shards.settle(partition.partition());
            for (Watch watch : watches.values()) {
                if (watch.shard() == partition.partition()) {
                    watch.rejoin();
                }
            }
        }
    }

    private void deliver(ConsumerRecord<byte[], byte[]> record) {
        if (watches.isEmpty()) {
            return;
        }
        try {
            String key = new String(record.key(), StandardCharsets.ISO_8859_1);
            Watch watch = watches.get(new RunId(UUID.fromString(key)));
            if (watch != null) {
                watch.offer(Frame.of(RecordHeaders.read(record)));
            }
        } catch (RuntimeException e) {
            // Not an event of a publisher's. Should one of a watched run be behind it, its
            // subscribers see the hole, or the idle check does, and read it from history.
            LOG.warn(
                    "event=tail_record_unreadable topic={} partition={} offset={}",
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    e);
        }
    }
}
