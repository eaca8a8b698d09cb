package dev.outrun.worker;

import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;

/** The share group of all workers: its settings on the broker, and those of a member. */
final class ShareGroup {

    /** More per fetch would only wait here for each other's claims. */
    private static final int TASKS_PER_POLL_MAX = 50;

    private ShareGroup() {}

    static String name(Topics topics) {
        return topics.prefix() + "-workers";
    }

    /**
     * Makes the topics of these handlers, and sets what a share group cannot be told by its
     * members. The same again is harmless.
     *
     * @throws KafkaException if Kafka does not answer
     */
    static void prepare(KafkaAddress kafka, Topics topics, Set<String> handlers) {
        try (Admin admin = HandlerTopics.admin(kafka, name(topics) + "-settings")) {
            HandlerTopics.create(admin, topics, handlers);
            admin.incrementalAlterConfigs(
                            Map.of(
                                    new ConfigResource(ConfigResource.Type.GROUP, name(topics)),
                                    List.of(
                                            // A task older than the first worker is a task too.
                                            set("share.auto.offset.reset", "earliest"),
                                            // The engine may write in transactions.
                                            set("share.isolation.level", "read_committed"),
                                            // Longer than any claim takes.
                                            set("share.record.lock.duration.ms", "30000"))))
                    .all()
                    .get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted", e);
        } catch (ExecutionException e) {
            throw new KafkaException("group " + name(topics) + " cannot be configured", e);
        }
    }

    private static AlterConfigOp set(String name, String value) {
        return new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET);
    }

    static Map<String, Object> consumer(Topics topics, WorkerConfig worker) {
        return Map.ofEntries(
                Map.entry(ConsumerConfig.CLIENT_ID_CONFIG, "tasks-" + worker.name()),
                Map.entry(ConsumerConfig.GROUP_ID_CONFIG, name(topics)),
                // By the claim's answer, record by record.
                Map.entry(ConsumerConfig.SHARE_ACKNOWLEDGEMENT_MODE_CONFIG, "explicit"),
                // No more than there are places for; the default may give whole batches.
                Map.entry(ConsumerConfig.SHARE_ACQUIRE_MODE_CONFIG, "record_limit"),
                Map.entry(
                        ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                        Math.min(worker.concurrency(), TASKS_PER_POLL_MAX)),
                // A task is taken as soon as it is there.
                Map.entry(ConsumerConfig.FETCH_MIN_BYTES_CONFIG, 1),
                Map.entry(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 500));
    }
}
