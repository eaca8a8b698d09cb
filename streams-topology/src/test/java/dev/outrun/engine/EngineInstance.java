package dev.outrun.engine;

import dev.outrun.schema.topic.Topics;
import dev.outrun.streams.DeadLetters;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.processor.StandbyUpdateListener;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.apache.kafka.streams.processor.TaskId;

/** One engine, a process of its own as far as Kafka and the others can tell. */
final class EngineInstance implements AutoCloseable {

    private static final Duration CLOSE_MAX = Duration.ofSeconds(60);

    private final KafkaStreams streams;
    private final EngineTime time;
    private final DeadLetters letters = new DeadLetters("engine");
    private final LongAdder restored = new LongAdder();
    private final LongAdder replicated = new LongAdder();

    /**
     * Starts it.
     *
     * @param failed told what brings one of its threads down, but for being killed
     */
    EngineInstance(
            Topics topics,
            EngineProperties properties,
            Duration ahead,
            Consumer<Throwable> failed) {
        time = new EngineTime(ahead);
        streams =
                new KafkaStreams(
                        EngineTopology.create(topics, EngineSettings.DEFAULT, letters),
                        properties.toProperties(),
                        time);
        streams.setUncaughtExceptionHandler(failure -> {
            if (!time.isKilled()) {
                failed.accept(failure);
            }
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        streams.setGlobalStateRestoreListener(new Restored());
        streams.setStandbyUpdateListener(new Replicated());
        streams.start();
    }

    /** Shards whose runs it works on just now; 0 while shards move. */
    int shards() {
        return streams.state() == KafkaStreams.State.RUNNING
                ? streams.metadataForLocalThreads().stream()
                        .mapToInt(thread -> thread.activeTasks().size())
                        .sum()
                : 0;
    }

    /** Records of the changelogs that it had to read before it could work on a shard. */
    long restored() {
        return restored.sum();
    }

    /** Records of the changelogs that it has read for the shards of others. */
    long replicated() {
        return replicated.sum();
    }

    /** Records it could not take. */
    long deadLetters() {
        return letters.count();
    }

    /** Takes its threads away, wherever they are; it is not there any more for the others. */
    void kill() {
        time.kill();
    }

    boolean isDead() {
        return streams.state().hasCompletedShutdown();
    }

    /** Commits and stops, as an operator stops it. */
    @Override
    public void close() {
        streams.close(CLOSE_MAX);
    }

    private final class Restored implements StateRestoreListener {

        @Override
        public void onRestoreStart(TopicPartition partition, String store, long from, long to) {}

        @Override
        public void onBatchRestored(TopicPartition partition, String store, long to, long records) {
            restored.add(records);
        }

        @Override
        public void onRestoreEnd(TopicPartition partition, String store, long records) {}
    }

    private final class Replicated implements StandbyUpdateListener {

        @Override
        public void onUpdateStart(TopicPartition partition, String store, long from) {}

        @Override
        public void onBatchLoaded(
                TopicPartition partition,
                String store,
                TaskId task,
                long to,
                long records,
                long end) {
            replicated.add(records);
        }

        @Override
        public void onUpdateSuspended(
                TopicPartition partition, String store, long to, long end, SuspendReason reason) {}
    }
}
