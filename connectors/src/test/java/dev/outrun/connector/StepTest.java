package dev.outrun.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.schema.run.RunId;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Publishing one append at a time. */
@ExtendWith(TestStackExtension.class)
class StepTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final TestStack stack;
    private final Appends ledger;

    StepTest(TestStack stack) throws SQLException {
        this.stack = stack;
        this.ledger = new Appends(stack.dataSource());
    }

    @BeforeEach
    void makeTopics() {
        Connectors.makeTopics(stack);
    }

    @Test
    void step_ofAPausedConnector_publishesSoManyAppends() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            // Given
            RunId run = ledger.start();
            connector.drainOnce(LIMIT);
            connector.pause();
            for (int i = 0; i < 5; i++) {
                ledger.append(run, Integer.toString(i));
            }

            // When
            connector.step(1, LIMIT);
            long one = published();
            connector.step(3, LIMIT);
            long four = published();
            assertThrows(TimeoutException.class, () -> connector.drainOnce(Duration.ofMillis(200)));
            long paused = published();
            connector.resume();
            connector.drainOnce(LIMIT);

            // Then
            assertEquals(2, one);
            assertEquals(5, four);
            assertEquals(5, paused);
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void step_forMoreThanThereIs_waitsForIt() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            // Given
            RunId run = ledger.start();
            connector.drainOnce(LIMIT);
            connector.pause();
            ledger.append(run, "1");

            // When
            assertThrows(TimeoutException.class, () -> connector.step(2, Duration.ofMillis(500)));
            ledger.append(run, "2");
            long first = published();
            connector.step(1, LIMIT);

            // Then
            assertEquals(2, first);
            assertEquals(3, published());
        }
    }

    @Test
    void step_ofAConnectorThatIsNotPaused_isRefused() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            assertThrows(IllegalStateException.class, () -> connector.step(1, LIMIT));
        }
    }

    @Test
    void close_ofAPausedConnector_leavesTheRestToTheNext() throws Exception {
        // Given
        RunId run = ledger.start();
        try (OutboxConnector connector = Connectors.start(stack)) {
            connector.drainOnce(LIMIT);
            connector.pause();
            ledger.append(run, "1");
            ledger.append(run, "2");
            connector.step(1, LIMIT);
        }
        long before = published();

        // When
        try (OutboxConnector connector = Connectors.start(stack)) {
            connector.drainOnce(LIMIT);
        }

        // Then
        assertEquals(2, before);
        Published.assertIsTheLedger(stack);
    }

    private long published() {
        try (KafkaConsumer<byte[], byte[]> consumer = Published.consumer(stack)) {
            return Published.readAll(consumer, stack.topics().events()).size();
        }
    }
}
