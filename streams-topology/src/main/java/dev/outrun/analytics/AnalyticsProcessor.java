package dev.outrun.analytics;

import dev.outrun.schema.analytics.WindowKey;
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
 * Where Kafka Streams meets a {@link ShardAnalytics}: hands it its records and the time, and
 * commits when it has said something, which readers see then.
 */
final class AnalyticsProcessor implements Processor<byte[], byte[], WindowKey, Object> {

    private static final Logger LOG = LoggerFactory.getLogger(AnalyticsProcessor.class);

    /** How often a window is said that changes all the time. */
    static final Duration SAY_EVERY = Duration.ofSeconds(1);

    private final AnalyticsSettings settings;
    private final DeadLetters letters;
    private @Nullable ProcessorContext<WindowKey, Object> context;
    private @Nullable ShardAnalytics shard;
    private @Nullable Unread unread;

    AnalyticsProcessor(AnalyticsSettings settings, DeadLetters letters) {
        this.settings = settings;
        this.letters = letters;
    }

    @Override
    public void init(ProcessorContext<WindowKey, Object> initialized) {
        Unread skipped = letters.of(initialized);
        ShardAnalytics fresh = new ShardAnalytics(initialized, settings, skipped);
        initialized.schedule(
                SAY_EVERY,
                PunctuationType.WALL_CLOCK_TIME,
                now -> {
                    if (fresh.say()) {
                        initialized.commit();
                    }
                });
        context = initialized;
        shard = fresh;
        unread = skipped;
        LOG.info(
                "analytics of a shard taken over shard={} runs={} windows={}",
                initialized.taskId().partition(),
                fresh.runs(),
                fresh.windows());
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        ProcessorContext<WindowKey, Object> here = Objects.requireNonNull(context);
        ShardAnalytics mine = Objects.requireNonNull(shard);
        RecordMetadata origin = here.recordMetadata().orElseThrow();
        Instant now = Instant.ofEpochMilli(here.currentSystemTimeMs());
        Objects.requireNonNull(unread)
                .orTake(record, origin, () -> mine.event(record, origin, now));
    }
}
