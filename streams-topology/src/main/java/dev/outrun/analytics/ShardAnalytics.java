package dev.outrun.analytics;

import dev.outrun.schema.analytics.Counter;
import dev.outrun.schema.analytics.WindowKey;
import dev.outrun.schema.analytics.WindowSum;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.RecordHeaders;
import dev.outrun.streams.Unread;
import java.time.Instant;
import java.util.function.BiConsumer;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * One shard's analytics: finds the run, measures the event, adds it to its window. For one thread.
 *
 * <p>What is exact. An event changes its run and one window, two records of two stores. They, the
 * windows said and the place in the firehose are committed in one transaction, so after a crash all
 * of them are where they were at the last commit, and each event counts once; an event that the
 * firehose has twice is known by its seq. At least once would not do: it keeps each record by
 * itself, and between a run that is ahead and a window that is not, an event is lost or doubled.
 *
 * <p>A record that cannot be read is {@link Unread}; one that has no window leaves no trace but a
 * log line.
 */
final class ShardAnalytics {

    static final String RUNS_STORE = "runs";
    static final String WINDOWS_STORE = "windows";

    private final ProcessorContext<WindowKey, Object> context;
    private final Unread unread;
    private final Tracks runs;
    private final Windows windows;
    private final Leftovers leftovers = new Leftovers();

    ShardAnalytics(
            ProcessorContext<WindowKey, Object> context,
            AnalyticsSettings settings,
            Unread unread) {
        this.context = context;
        this.unread = unread;
        this.runs = new Tracks(context.getStateStore(RUNS_STORE));
        this.windows =
                new Windows(
                        context.taskId().partition(),
                        settings.grace(),
                        context.getStateStore(WINDOWS_STORE),
                        Instant.ofEpochMilli(context.currentSystemTimeMs()));
    }

    int runs() {
        return runs.size();
    }

    int windows() {
        return windows.size();
    }

    /** An event of the firehose. */
    void event(Record<byte[], byte[]> record, RecordMetadata origin, Instant now) {
        Event event;
        Measure measure;
        try {
            event = RecordHeaders.read(record.key(), record.value(), record.headers());
            if (event.time().isBefore(Instant.EPOCH)) {
                throw new IllegalArgumentException("an event of before 1970");
            }
            RunTrack before = runs.get(event.run());
            if (before != null && event.seq() <= before.seq()) {
                return;
            }
            measure = measure(before, event);
        } catch (RuntimeException e) {
            unread.skip(record, origin, e);
            return;
        }
        if (measure == null) {
            if (!EventTypes.isOfControl(event.type())) {
                leftovers.unknownRun(event.run(), origin);
            }
            return;
        }
        add(event.run(), event, measure, origin, now);
    }

    /** Says what has changed since the last time; false where nothing has. */
    boolean say() {
        leftovers.log();
        Said said = new Said(false);
        windows.changes(said);
        return said.any;
    }

    private static @Nullable Measure measure(@Nullable RunTrack before, Event event) {
        if (before == null) {
            return event.type().equals(EventTypes.REQUESTED) ? RunMeasures.opened(event) : null;
        }
        return before.closedAt() == null ? RunMeasures.followed(before, event) : null;
    }

    private void add(RunId run, Event event, Measure measure, RecordMetadata origin, Instant now) {
        runs.move(run, measure.run());
        OpenWindow window = windows.at(measure.run().series(), event.time(), now);
        if (window == null) {
            leftovers.noWindow(run, event.time(), origin);
            return;
        }
        WindowSum sum = windows.sum(window);
        sum.count(Counter.EVENTS, 1);
        sum.count(Counter.BYTES, event.data().length);
        if (measure.counter() != null) {
            sum.count(measure.counter(), 1);
        }
        if (measure.timing() != null && measure.took() != null) {
            sum.time(measure.timing(), measure.took());
        }
        windows.save(window);
        windows.close(new Said(true));
    }

    /** Sends windows on. */
    private final class Said implements BiConsumer<WindowKey, WindowSum> {

        private final boolean closed;
        private boolean any;

        Said(boolean closed) {
            this.closed = closed;
        }

        @Override
        public void accept(WindowKey key, WindowSum sum) {
            any = true;
            context.forward(
                    new Record<>(key, sum.window(closed), Math.max(0, key.start().toEpochMilli())),
                    AnalyticsTopology.WINDOWS);
        }
    }
}
