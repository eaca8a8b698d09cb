package dev.outrun.ledger;

import dev.outrun.schema.topic.Topics;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;

/** The settings of the recorder's consumer, but for where Kafka is. */
final class RecorderConsumer {

    private RecorderConsumer() {}

    static Map<String, Object> config(Topics topics, String instance) {
        return Map.ofEntries(
                Map.entry(ConsumerConfig.CLIENT_ID_CONFIG, "recorder-" + instance),
                Map.entry(ConsumerConfig.GROUP_ID_CONFIG, topics.prefix() + "-recorder"),
                // A restarted recorder takes its own place: no rebalance stops the others.
                Map.entry(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, instance),
                // The classic protocol lets a static member that was killed come back at once; the
                // newer one makes it wait until its session has timed out.
                Map.entry(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "classic"),
                // A recorder that is gone for good is replaced after this.
                Map.entry(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 10_000),
                Map.entry(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 3_000),
                // Far above the slowest batch: one that meets a dead Postgres pauses and polls on.
                Map.entry(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, 300_000),
                Map.entry(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 500),
                // A group without offsets begins with the first decision ever.
                Map.entry(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest"),
                // Committed once recorded, never by the clock.
                Map.entry(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false),
                // The engine may write in transactions: an aborted decision was never made.
                Map.entry(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed"),
                // A decision is answered as soon as it is there.
                Map.entry(ConsumerConfig.FETCH_MIN_BYTES_CONFIG, 1),
                Map.entry(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 500),
                Map.entry(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false));
    }
}
