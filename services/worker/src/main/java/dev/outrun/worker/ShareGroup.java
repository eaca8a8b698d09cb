package dev.outrun.worker;

import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;

/**
 * The workers that take tasks from a topic: the group's settings on the broker, and those of a
 * member. A group has one topic, of one partition: of several, each member would be given as few as
 * can be, and a worker without a place would keep its own from all others.
 *
 * @param name the group's
 */
record ShareGroup(String name, String topic) {

    /** More per fetch would only wait here for each other's claims. */
    private static final int TASKS_PER_POLL_MAX = 50;

    private static final List<AlterConfigOp> SETTINGS =
            List.of(
                    // A task older than the first worker is a task too.
                    set("share.auto.offset.reset", "earliest"),
                    // The engine may write in transactions.
                    set("share.isolation.level", "read_committed"),
                    // Longer than any claim takes.
                    set("share.record.lock.duration.ms", "30000"));

    /**
     * The groups of a worker with these handlers: of all tasks first, and of each handler's own.
     */
    static List<ShareGroup> of(Topics topics, Set<String> handlers) {
        String all = topics.prefix() + "-workers";
        return Stream.concat(
                        Stream.of(new ShareGroup(all, topics.tasks())),
                        handlers.stream()
                                .sorted()
                                .map(handler ->
                                        new ShareGroup(all + "." + handler, topics.tasks(handler))))
                .toList();
    }

    /**
     * Makes the topics of these handlers, and sets what share groups cannot be told by their
     * members. The same again is harmless.
     *
     * @throws KafkaException if Kafka does not answer
     */
    static void prepare(
            KafkaAddress kafka, Topics topics, Set<String> handlers, List<ShareGroup> groups) {
        try (Admin admin = HandlerTopics.admin(kafka, topics.prefix() + "-workers-settings")) {
            HandlerTopics.create(admin, topics, handlers);
            admin.incrementalAlterConfigs(
                            groups.stream()
                                    .collect(
                                            Collectors.toMap(
                                                    ShareGroup::resource, group -> SETTINGS)))
                    .all()
                    .get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted", e);
        } catch (ExecutionException e) {
            throw new KafkaException("the workers' groups cannot be configured", e);
        }
    }

    private ConfigResource resource() {
        return new ConfigResource(ConfigResource.Type.GROUP, name);
    }

    private static AlterConfigOp set(String name, String value) {
        return new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET);
    }

    /** What a client needs to be a member. */
    Map<String, Object> consumer(WorkerConfig worker) {
        return Map.ofEntries(
                Map.entry(ConsumerConfig.CLIENT_ID_CONFIG, "tasks-" + worker.name() + "-" + topic),
                Map.entry(ConsumerConfig.GROUP_ID_CONFIG, name),
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
