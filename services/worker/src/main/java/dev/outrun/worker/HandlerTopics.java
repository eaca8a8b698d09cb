package dev.outrun.worker;

import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;

/** The topics of single handlers' tasks. */
final class HandlerTopics {

    /** A task that nobody claims is sent again within minutes. */
    private static final Duration RETENTION = Duration.ofDays(1);

    private static final Duration SEGMENT = Duration.ofHours(1);

    private HandlerTopics() {}

    /** A client for making them, which gives up within seconds. */
    static Admin admin(KafkaAddress kafka, String clientId) {
        return Admin.create(
                kafka.client(
                        Map.of(
                                AdminClientConfig.CLIENT_ID_CONFIG,
                                clientId,
                                // Together how long a worker's start may wait for it.
                                AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
                                5_000,
                                AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
                                10_000)));
    }

    /** Makes what is missing of these handlers' topics, with the broker's default replication. */
    static void create(Admin admin, Topics topics, Collection<String> handlers)
            throws InterruptedException, ExecutionException {
        List<NewTopic> wanted =
                handlers.stream().map(handler -> topic(topics.tasks(handler))).toList();
        for (KafkaFuture<Void> made : admin.createTopics(wanted).values().values()) {
            try {
                made.get();
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof TopicExistsException)) {
                    throw e;
                }
            }
        }
    }

    private static NewTopic topic(String name) {
        return new NewTopic(name, Optional.of(1), Optional.empty())
                .configs(
                        Map.of(
                                TopicConfig.CLEANUP_POLICY_CONFIG,
                                TopicConfig.CLEANUP_POLICY_DELETE,
                                TopicConfig.RETENTION_MS_CONFIG,
                                Long.toString(RETENTION.toMillis()),
                                TopicConfig.SEGMENT_MS_CONFIG,
                                Long.toString(SEGMENT.toMillis())));
    }
}
