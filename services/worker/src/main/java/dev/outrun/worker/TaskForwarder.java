package dev.outrun.worker;

import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import dev.outrun.schema.work.Task;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends tasks on to their handlers' own topics, and makes a topic where nobody has offered that
 * handler yet: its tasks wait there. Connects with the first task, so that it costs nothing where
 * all workers have the same handlers. May be called from several threads.
 */
final class TaskForwarder implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(TaskForwarder.class);

    private static final Duration CLOSE_MAX = Duration.ofSeconds(2);

    private final KafkaAddress kafka;
    private final Topics topics;
    private final String worker;

    /** Whose topics there are, by all that is known here; of registered handlers, so not many. */
    private final Set<String> made = new HashSet<>();

    private @Nullable Producer<byte[], byte[]> producer;

    TaskForwarder(KafkaAddress kafka, Topics topics, String worker) {
        this.kafka = kafka;
        this.topics = topics;
        this.worker = worker;
    }

    /** Returns once the task is there; false if it is not, for all that is known. */
    boolean forward(Task task) throws InterruptedException {
        byte[] key = task.run().getBytes(StandardCharsets.UTF_8);
        try {
            prepared(task.handler())
                    .send(
                            new ProducerRecord<>(
                                    topics.tasks(task.handler()), 0, key, WireJson.write(task)))
                    .get();
            return true;
        } catch (ExecutionException | KafkaException | IllegalStateException e) {
            // IllegalStateException: closed meanwhile.
            log.warn(
                    "task not sent on run={} attempt={} handler={} error={}",
                    task.run(),
                    task.attempt(),
                    task.handler(),
                    e.toString());
            forget(task.handler());
            return false;
        }
    }

    private synchronized Producer<byte[], byte[]> prepared(String handler)
            throws InterruptedException, ExecutionException {
        if (!made.contains(handler)) {
            try (Admin admin = HandlerTopics.admin(kafka, "forwards-" + worker)) {
                HandlerTopics.create(admin, topics, Set.of(handler));
            }
            made.add(handler);
        }
        if (producer == null) {
            producer =
                    new KafkaProducer<>(
                            kafka.client(config()),
                            new ByteArraySerializer(),
                            new ByteArraySerializer());
        }
        return producer;
    }

    private synchronized void forget(String handler) {
        made.remove(handler);
    }

    private Map<String, Object> config() {
        return Map.ofEntries(
                Map.entry(ProducerConfig.CLIENT_ID_CONFIG, "forwards-" + worker),
                Map.entry(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true),
                Map.entry(ProducerConfig.ACKS_CONFIG, "all"),
                Map.entry(ProducerConfig.LINGER_MS_CONFIG, 0),
                // Well within the lock on the task's record: it goes back to the others then.
                Map.entry(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 4_000),
                Map.entry(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 8_000),
                Map.entry(ProducerConfig.MAX_BLOCK_MS_CONFIG, 5_000),
                Map.entry(ProducerConfig.BUFFER_MEMORY_CONFIG, 1L << 20));
    }

    @Override
    public synchronized void close() {
        if (producer != null) {
            producer.close(CLOSE_MAX);
        }
    }
}
