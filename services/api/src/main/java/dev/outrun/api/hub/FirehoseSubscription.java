package dev.outrun.api.hub;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.RecordHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reader of the firehose, with a consumer of its own: events of all runs that it asked for,
 * each once, in order within a run. A frame's id is its place in all shards. It never ends by
 * itself. For one thread, which blocks in {@link #next}.
 */
public final class FirehoseSubscription implements Deliveries {

    private static final Logger LOG = LoggerFactory.getLogger(FirehoseSubscription.class);

    private static final Duration ANSWER_MAX = Duration.ofSeconds(5);
    private static final Duration ASK_EVERY = Duration.ofMillis(20);

    /** How long a poll may last before it is looked whether the hub closes. */
    private static final Duration POLL = Duration.ofSeconds(1);

    /** Runs whose copies are known: a stray copy follows soon on what it is a copy of. */
    private static final int RUNS_MAX = 10_000;

    private final Consumer<byte[], byte[]> consumer;
    private final KnownRuns runs;
    private final FirehoseQuery query;
    private final java.util.function.Consumer<FirehoseSubscription> leave;
    private final long[] next;

    /** The last seq of runs that were seen lately. */
    private final Map<RunId, Long> seen =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<RunId, Long> eldest) {
                    return size() > RUNS_MAX;
                }
            };

    private volatile boolean closing;

    private FirehoseSubscription(
            Consumer<byte[], byte[]> consumer,
            KnownRuns runs,
            FirehoseQuery query,
            long[] next,
            java.util.function.Consumer<FirehoseSubscription> leave) {
        this.consumer = consumer;
        this.runs = runs;
        this.query = query;
        this.next = next;
        this.leave = leave;
    }

    /**
     * From a place on. The consumer is its own from then on, and is closed if this throws.
     *
     * @throws OutrunException {@code unavailable} where the broker does not answer, {@code
     *     invalid_seq} for a place of another number of shards or behind the end, {@code expired}
     *     where events behind it are deleted
     */
    static FirehoseSubscription open(
            Consumer<byte[], byte[]> consumer,
            String topic,
            KnownRuns runs,
            FirehoseQuery query,
            FirehosePlace from,
            java.util.function.Consumer<FirehoseSubscription> leave) {
        try {
            List<TopicPartition> shards =
                    IntStream.range(0, shards(consumer, topic))
                            .mapToObj(shard -> new TopicPartition(topic, shard))
                            .toList();
            consumer.assign(shards);
            long[] next = next(consumer, shards, from);
            for (TopicPartition shard : shards) {
                consumer.seek(shard, next[shard.partition()]);
            }
            return new FirehoseSubscription(consumer, runs, query, next, leave);
        } catch (KafkaException e) {
            Consumers.close(consumer);
            throw new OutrunException(ErrorCode.UNAVAILABLE, "the firehose cannot be read", e);
        } catch (OutrunException e) {
            Consumers.close(consumer);
            throw e;
        }
    }

    /** How many there are; a broker may know of a topic a moment later than who has made it. */
    private static int shards(Consumer<?, ?> consumer, String topic) {
        long deadline = System.nanoTime() + ANSWER_MAX.toNanos();
        int shards = consumer.partitionsFor(topic, ANSWER_MAX).size();
        while (shards == 0) {
            if (System.nanoTime() - deadline > 0) {
                throw new OutrunException(ErrorCode.UNAVAILABLE, "there is no firehose");
            }
            LockSupport.parkNanos(ASK_EVERY.toNanos());
            shards = consumer.partitionsFor(topic, ANSWER_MAX).size();
        }
        return shards;
    }

    private static long[] next(
            Consumer<?, ?> consumer, List<TopicPartition> shards, FirehosePlace from) {
        Map<TopicPartition, Long> first = consumer.beginningOffsets(shards, ANSWER_MAX);
        Map<TopicPartition, Long> end = consumer.endOffsets(shards, ANSWER_MAX);
        if (!(from instanceof FirehosePlace.Offsets(List<Long> given))) {
            var offsets = from == FirehosePlace.Known.EARLIEST ? first : end;
            return shards.stream().mapToLong(shard -> offsets.getOrDefault(shard, 0L)).toArray();
        }
        if (given.size() != shards.size()) {
            throw new OutrunException(
                    ErrorCode.INVALID_SEQ,
                    "a place in the firehose has %d offsets, not %d"
                            .formatted(shards.size(), given.size()));
        }
        for (TopicPartition shard : shards) {
            long offset = given.get(shard.partition());
            if (offset < first.getOrDefault(shard, 0L)) {
                throw expired(shard.partition(), offset);
            } else if (offset > end.getOrDefault(shard, 0L)) {
                throw new OutrunException(
                        ErrorCode.INVALID_SEQ,
                        "shard " + shard.partition() + " has no offset " + offset);
            }
        }
        return given.stream().mapToLong(offset -> offset).toArray();
    }

    @Override
    public Delivery next(Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (!closing) {
            long left = Math.max(0, deadline - System.nanoTime());
            List<Frame> frames = poll(Duration.ofNanos(Math.min(left, POLL.toNanos())));
            if (!frames.isEmpty()) {
                return new Delivery.Frames(frames);
            } else if (left == 0) {
                return Delivery.Signal.QUIET;
            }
        }
        return Delivery.Signal.CLOSING;
    }

    private List<Frame> poll(Duration wait) throws InterruptedException {
        List<Frame> frames = new ArrayList<>();
        try {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(wait)) {
                next[record.partition()] = record.offset() + 1;
                Frame frame = frame(record);
                if (frame != null) {
                    frames.add(frame);
                }
            }
        } catch (WakeupException e) {
            // The hub closes: seen by the caller.
        } catch (InterruptException e) {
            InterruptedException interrupted = new InterruptedException("while it polled");
            interrupted.initCause(e);
            throw interrupted;
        } catch (OffsetOutOfRangeException e) {
            var lost = e.offsetOutOfRangePartitions().entrySet().iterator().next();
            throw expired(lost.getKey().partition(), lost.getValue());
        } catch (KafkaException e) {
            throw new OutrunException(ErrorCode.UNAVAILABLE, "the firehose cannot be read", e);
        }
        return frames;
    }

    /** Null where the record is not asked for. */
    private @Nullable Frame frame(ConsumerRecord<byte[], byte[]> record) {
        Event event;
        try {
            event = RecordHeaders.read(record);
        } catch (RuntimeException e) {
            // Not an event of a publisher's: nobody can have asked for it.
            LOG.warn(
                    "event=firehose_record_unreadable topic={} partition={} offset={}",
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    e);
            return null;
        }
        Long before = seen.put(event.run(), event.seq());
        if (before != null && before >= event.seq()) {
            seen.put(event.run(), before); // a stray copy
            return null;
        }
        return runs.of(event).filter(query::wants).isEmpty()
                ? null
                : Frame.of(event)
                        .withId(
                                FirehosePlace.of(next)
                                        .toString()
                                        .getBytes(StandardCharsets.US_ASCII));
    }

    private static OutrunException expired(int shard, long offset) {
        return new OutrunException(
                ErrorCode.EXPIRED,
                "events from offset " + offset + " of shard " + shard + " on are deleted");
    }

    /** Tells the reader that it is over; from any thread. */
    void end() {
        closing = true;
        consumer.wakeup();
    }

    /** Leaves; from the thread that is done with {@link #next}. */
    @Override
    public void close() {
        Consumers.close(consumer);
        leave.accept(this);
    }
}
