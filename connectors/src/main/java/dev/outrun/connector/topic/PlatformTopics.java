package dev.outrun.connector.topic;

import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.jspecify.annotations.Nullable;

/** The platform's fixed topics. */
public final class PlatformTopics {

    /**
     * Bytes of the largest record: 1 MiB of an event's data, what the ledger wraps around an input
     * or output of that size, and headers. Brokers admit 1 MiB by default.
     */
    public static final int RECORD_BYTES_MAX = 2 << 20;

    private static final String BYTES_MAX = Integer.toString(RECORD_BYTES_MAX);
    private static final String FOREVER = "-1";
    private static final String DELETE = TopicConfig.CLEANUP_POLICY_DELETE;
    private static final String COMPACT = TopicConfig.CLEANUP_POLICY_COMPACT;

    /**
     * What every follower's fetch begins with is a walk from the nearest index entry to its offset,
     * a system call per batch. Brokers set up for thousands of run topics have one entry per MiB,
     * right for a short log that is read once; here it would cost more than all else together.
     */
    private static final Map<String, String> FOLLOWED =
            Map.of(
                    TopicConfig.INDEX_INTERVAL_BYTES_CONFIG,
                    Integer.toString(4 << 10),
                    TopicConfig.SEGMENT_INDEX_BYTES_CONFIG,
                    Integer.toString(10 << 20));

    private PlatformTopics() {}

    /**
     * Makes what is missing of them, with the broker's default replication. Idempotent; several
     * nodes may call it at once.
     *
     * @param shards partitions of the sharded ones
     * @throws IllegalStateException if one of them exists with another number of partitions
     * @throws KafkaException if the brokers do not answer or refuse
     */
    public static void create(KafkaAddress kafka, Topics topics, int shards) {
        List<NewTopic> wanted = all(topics, shards);
        try (Admin admin = AdminClients.create(kafka, "outrun-platform-topics")) {
            for (KafkaFuture<Void> made : admin.createTopics(wanted).values().values()) {
                existsAfter(made);
            }
            Map<String, TopicDescription> found =
                    FreshTopics.ask(() -> admin.describeTopics(names(wanted)).allTopicNames());
            for (NewTopic topic : wanted) {
                check(topic, found.get(topic.name()));
            }
        } catch (ExecutionException e) {
            throw new KafkaException("the platform's topics cannot be made", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted while the platform's topics were made", e);
        }
    }

    private static void existsAfter(KafkaFuture<Void> made)
            throws InterruptedException, ExecutionException {
        try {
            made.get();
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof TopicExistsException)) {
                throw e;
            }
        }
    }

    private static List<String> names(List<NewTopic> topics) {
        return topics.stream().map(NewTopic::name).toList();
    }

    private static void check(NewTopic wanted, @Nullable TopicDescription found) {
        if (found != null && found.partitions().size() != wanted.numPartitions()) {
            throw new IllegalStateException(
                    "topic %s has %d partitions, not %d: the number of shards is fixed"
                            .formatted(
                                    wanted.name(),
                                    found.partitions().size(),
                                    wanted.numPartitions()));
        }
    }

    /**
     * All of them, as they are made.
     *
     * @param shards partitions of the sharded ones
     */
    public static List<NewTopic> all(Topics topics, int shards) {
        String minutes10 = millis(Duration.ofMinutes(10));
        String week = millis(Duration.ofDays(7));
        return List.of(
                // Replayed from anywhere by whoever comes late; the operator bounds it.
                topic(topics.events(), shards, retention(FOREVER, week)),
                // Sent again until the run's event comes back, so old ones are only history.
                topic(topics.tasks(), 1, retention(week, millis(Duration.ofDays(1)))),
                topic(topics.decisions(), shards, retention(week, millis(Duration.ofDays(1)))),
                // Of use for seconds.
                topic(
                        topics.interrupts(),
                        shards,
                        retention(millis(Duration.ofHours(1)), minutes10)),
                topic(topics.heartbeats(), shards, retention(minutes10, minutes10)),
                topic(topics.runs(), shards, compacted(millis(Duration.ofDays(1)), 64 << 20)),
                // Written again each second while they change; by their start, a week of them.
                topic(topics.windows(), shards, compactedAndDeleted(week)),
                // Few, and of use until somebody has mended the cause.
                topic(topics.deadLetters(), 1, retention(FOREVER, week)),
                // Read whole at each start: small segments keep its uncompacted head short.
                topic(topics.checkpoints(), 1, compacted(millis(Duration.ofHours(1)), 1 << 20)));
    }

    private static NewTopic topic(String name, int partitions, Map<String, String> configs) {
        Map<String, String> all = new HashMap<>(FOLLOWED);
        all.putAll(configs);
        return new NewTopic(name, Optional.of(partitions), Optional.empty()).configs(all);
    }

    private static Map<String, String> retention(String millis, String segmentMillis) {
        return Map.of(
                TopicConfig.CLEANUP_POLICY_CONFIG,
                DELETE,
                TopicConfig.RETENTION_MS_CONFIG,
                millis,
                TopicConfig.RETENTION_BYTES_CONFIG,
                FOREVER,
                TopicConfig.SEGMENT_MS_CONFIG,
                segmentMillis,
                TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                BYTES_MAX);
    }

    private static Map<String, String> compacted(String segmentMillis, int segmentBytes) {
        return Map.of(
                TopicConfig.CLEANUP_POLICY_CONFIG,
                COMPACT,
                TopicConfig.SEGMENT_MS_CONFIG,
                segmentMillis,
                TopicConfig.SEGMENT_BYTES_CONFIG,
                Integer.toString(segmentBytes),
                TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                BYTES_MAX);
    }

    private static Map<String, String> compactedAndDeleted(String millis) {
        Map<String, String> configs =
                new HashMap<>(compacted(millis(Duration.ofHours(1)), 16 << 20));
        configs.put(TopicConfig.CLEANUP_POLICY_CONFIG, COMPACT + "," + DELETE);
        configs.put(TopicConfig.RETENTION_MS_CONFIG, millis);
        return configs;
    }

    private static String millis(Duration duration) {
        return Long.toString(duration.toMillis());
    }
}
