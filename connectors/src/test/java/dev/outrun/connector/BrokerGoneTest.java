package dev.outrun.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.connector.topic.PlatformTopics;
import dev.outrun.devstack.EmbeddedBroker;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(TestStackExtension.class)
class BrokerGoneTest {

    @Test
    void close_withTheBrokerGone_freesTheSlot(TestStack stack, @TempDir Path directory)
            throws Exception {
        // Given
        Appends ledger = new Appends(stack.dataSource());
        EmbeddedBroker broker = EmbeddedBroker.start(new EmbeddedBroker.Settings(directory, 0));
        try {
            PlatformTopics.create(
                    new KafkaAddress(broker.bootstrapServers(), Map.of()),
                    stack.topics(),
                    TestStack.SHARDS);
            try (OutboxConnector connector =
                    OutboxConnector.start(
                            ConnectorConfig.of(
                                    stack.postgres(),
                                    broker.bootstrapServers(),
                                    stack.topics(),
                                    stack.slot()))) {
                RunId run = ledger.start();
                connector.drainOnce(Duration.ofSeconds(60));
                broker.close();
                ledger.append(run, "1");

                // When
                assertThrows(
                        TimeoutException.class, () -> connector.drainOnce(Duration.ofMillis(500)));
                Health health = connector.health();

                // Then
                assertEquals(Health.State.RUNNING, health.state());
                assertFalse(health.oldestUnacknowledged().isZero());
            }
        } finally {
            broker.close();
        }
        assertEquals(
                "f",
                ledger.text(
                        "select active from pg_replication_slots where slot_name = '"
                                + stack.slot()
                                + "'"));
    }
}
