package dev.outrun.connector.topic;

import dev.outrun.schema.topic.KafkaAddress;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;

/** Makes admin clients. */
public final class AdminClients {

    private AdminClients() {}

    /** An admin client; the name is its client id. */
    public static Admin create(KafkaAddress kafka, String name) {
        return Admin.create(
                kafka.client(
                        Map.of(
                                AdminClientConfig.CLIENT_ID_CONFIG,
                                name,
                                // A call fails in time for its caller to say so and ask again.
                                AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
                                30_000,
                                AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
                                10_000,
                                // The default of 100 ms would be most of a new topic's latency.
                                AdminClientConfig.RETRY_BACKOFF_MS_CONFIG,
                                5L,
                                AdminClientConfig.RETRY_BACKOFF_MAX_MS_CONFIG,
                                500L,
                                AdminClientConfig.RECONNECT_BACKOFF_MS_CONFIG,
                                20L,
                                AdminClientConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG,
                                500L)));
    }
}
