package dev.outrun.engine;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import dev.outrun.schema.work.Heartbeat;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** An engine on topics of its own on a real broker, to be stopped and started. */
final class RunningEngine implements AutoCloseable {

    private static final Duration DEADLINE = Duration.ofSeconds(60);

    private final Topics names;
    private final EngineProperties properties;
    private final EngineTopics topics;
    private final List<ConsumerRecord<byte[], byte[]>> unread = new ArrayList<>();
    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    private EngineInstance engine;

    /** Makes the topics, and starts the engine. */
    RunningEngine(
            String bootstrapServers, Topics names, Guarantee guarantee, Path stateDir, int shards)
            throws Exception {
        this.names = names;
        this.properties =
                new EngineProperties(
                        KafkaAddress.of(bootstrapServers),
                        names,
                        guarantee,
                        "only",
                        2,
                        stateDir,
                        1);
        this.topics = new EngineTopics(bootstrapServers, names, shards);
        this.engine = new EngineInstance(names, properties, Duration.ZERO, failure::complete);
    }

    /** Another engine in the place of the first, whose clock is ahead of ours. */
    void restart(Duration ahead) {
        engine.close();
        engine = new EngineInstance(names, properties, ahead, failure::complete);
    }

    void publish(int shard, Event event) {
        topics.publish(shard, event);
    }

    void leaving(int shard, String worker, long session) {
        topics.heartbeat(shard, new Heartbeat(worker, session, true));
    }

    /** The next unread record of a topic, from whichever partition. */
    ConsumerRecord<byte[], byte[]> await(String topic) {
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        while (System.nanoTime() < deadline && !failure.isDone()) {
            for (var each = unread.iterator(); each.hasNext(); ) {
                ConsumerRecord<byte[], byte[]> record = each.next();
                if (record.topic().equals(topic)) {
                    each.remove();
                    return record;
                }
            }
            topics.poll(Duration.ofMillis(100)).forEach(unread::add);
        }
        throw new AssertionError("nothing in " + topic, failure.getNow(null));
    }

    @Override
    public void close() {
        engine.close();
        topics.close();
    }
}
