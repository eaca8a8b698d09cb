package dev.outrun.engine;

import dev.outrun.engine.out.ShardKey;
import dev.outrun.schema.topic.Topics;
import dev.outrun.streams.DeadLetters;
import dev.outrun.streams.Unread;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where Kafka Streams meets a {@link Shard}: hands it its records and the time. A task that is
 * taken over, or started again after a failure, begins with a new shard made from the stored runs.
 */
final class ShardProcessor implements Processor<byte[], byte[], ShardKey, Object> {

    private static final Logger LOG = LoggerFactory.getLogger(ShardProcessor.class);

    /** How late a timer may be. */
    private static final Duration TIMER_GRAIN = Duration.ofMillis(10);

    /** How often within their timeout silent workers are looked for. */
    private static final int LOOKS_PER_TIMEOUT = 10;

    private final Topics topics;
    private final EngineSettings settings;
    private final DeadLetters letters;
    private final ShardHost host;
    private @Nullable ProcessorContext<ShardKey, Object> context;
    private @Nullable Shard shard;
    private @Nullable Unread unread;

    ShardProcessor(Topics topics, EngineSettings settings, DeadLetters letters, ShardHost host) {
        this.topics = topics;
        this.settings = settings;
        this.letters = letters;
        this.host = host;
    }

    @Override
    public void init(ProcessorContext<ShardKey, Object> initialized) {
        Unread skipped = letters.of(initialized);
        Shard fresh = new Shard(initialized, settings, skipped);
        initialized.schedule(
                TIMER_GRAIN,
                PunctuationType.WALL_CLOCK_TIME,
                now -> {
                    fresh.fireTimers(Instant.ofEpochMilli(now));
                    fresh.fireSchedules(Instant.ofEpochMilli(now));
                    fresh.openQueues(Instant.ofEpochMilli(now));
                });
        initialized.schedule(
                settings.workerTimeout().dividedBy(LOOKS_PER_TIMEOUT),
                PunctuationType.WALL_CLOCK_TIME,
                now -> fresh.findSilent(Instant.ofEpochMilli(now)));
        host.begins(fresh::nextDue);
        context = initialized;
        shard = fresh;
        unread = skipped;
        LOG.info(
                "shard taken over shard={} timers={}",
                initialized.taskId().partition(),
                fresh.timers());
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        ProcessorContext<ShardKey, Object> here = Objects.requireNonNull(context);
        Shard mine = Objects.requireNonNull(shard);
        RecordMetadata origin = here.recordMetadata().orElseThrow();
        Instant now = Instant.ofEpochMilli(here.currentSystemTimeMs());
        Runnable take =
                origin.topic().equals(topics.heartbeats())
                        ? () -> mine.heartbeat(record, origin, now)
                        : () -> mine.event(record, origin, now);
        Objects.requireNonNull(unread).orTake(record, origin, take);
    }
}
