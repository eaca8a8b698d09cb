package dev.outrun.connector;

import dev.outrun.connector.ConnectorConfig.SourceSettings;
import dev.outrun.connector.topic.PlatformTopics;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.teststack.TestStack;
import java.util.Map;

/** Starts connectors on a test's own database, topics and slot. */
final class Connectors {

    private Connectors() {}

    /** Makes the topics that a connector does not make by itself. */
    static void makeTopics(TestStack stack) {
        PlatformTopics.create(
                new KafkaAddress(stack.bootstrapServers(), Map.of()),
                stack.topics(),
                TestStack.SHARDS);
    }

    static OutboxConnector start(TestStack stack) throws InterruptedException {
        return OutboxConnector.start(config(stack));
    }

    /** One that is fed in this way. */
    static OutboxConnector start(TestStack stack, SourceSettings source)
            throws InterruptedException {
        return OutboxConnector.start(config(stack).withSource(source));
    }

    static ConnectorConfig config(TestStack stack) {
        return ConnectorConfig.of(
                stack.postgres(), stack.bootstrapServers(), stack.topics(), stack.slot());
    }
}
