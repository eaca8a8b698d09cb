package dev.outrun.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.connector.source.ControlConnection;
import dev.outrun.connector.source.ReplicationSlot;
import dev.outrun.connector.source.Split;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Two connectors on one slot: one works, the other one waits. */
@ExtendWith(TestStackExtension.class)
class TakeOverTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final TestStack stack;
    private final Appends ledger;

    TakeOverTest(TestStack stack) throws SQLException {
        this.stack = stack;
        this.ledger = new Appends(stack.dataSource());
    }

    @BeforeEach
    void makeTopics() {
        Connectors.makeTopics(stack);
    }

    @Test
    void second_standsByUntilTheFirstIsClosed() throws Exception {
        OutboxConnector first = Connectors.start(stack);
        try (OutboxConnector second = Connectors.start(stack)) {
            // Given
            RunId run = ledger.start();
            ledger.append(run, "1");
            first.drainOnce(LIMIT);

            // When
            Health.State waiting = second.health().state();
            Assertions.assertThrows(
                    TimeoutException.class, () -> second.drainOnce(Duration.ofMillis(100)));
            ledger.append(run, "2");
            first.close();
            ledger.append(run, "3");
            second.drainOnce(LIMIT);

            // Then
            assertEquals(Health.State.STANDBY, waiting);
            assertEquals(Health.State.RUNNING, second.health().state());
            Published.assertIsTheLedger(stack);
        } finally {
            first.close();
        }
    }

    @Test
    void lease_takenByAnother_endsTheFirstUntilItIsFreeAgain() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            // Given
            List<RunId> runs = List.of(ledger.start(), ledger.start());
            connector.drainOnce(LIMIT);

            // When: another one that dies without publishing anything
            for (int i = 0; i < 3; i++) {
                ledger.execute(
                        "update outrun.lease set epoch = epoch + 1, holder = 'another',"
                                + " until = clock_timestamp() + interval '1 second'"
                                + " where slot = '%s'".formatted(stack.slot()));
                for (RunId run : runs) {
                    ledger.append(run, Integer.toString(i));
                }
                connector.drainOnce(LIMIT);
            }

            // Then
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void strayOfAPredecessor_isTakenOutOfItsRunTopicWhenItTells() throws Exception {
        // Given: what was written before it began may be in a predecessor's buffer
        Connectors.start(stack).close();
        RunId run = ledger.start();
        RunId other = ledger.start();
        ledger.append(run, "1");
        try (OutboxConnector connector = Connectors.start(stack);
                ControlConnection control = new ControlConnection(stack.postgres())) {
            connector.drainOnce(LIMIT);
            sendAgain(stack.topics().run(Tenant.DEFAULT, run));

            // When
            new ReplicationSlot(stack.postgres(), control, new Split(stack.slot(), 0, 1))
                    .tellOfStrays();
            connector.drainOnce(LIMIT);

            // Then
            Published.assertIsTheLedger(stack);
            ledger.append(run, "2");
            ledger.append(other, "1");
            connector.drainOnce(LIMIT);
            Published.assertIsTheLedger(stack);
        }
    }

    /** Appends the last record of a topic to it. */
    private void sendAgain(String topic) throws Exception {
        try (KafkaConsumer<byte[], byte[]> consumer = Published.consumer(stack);
                KafkaProducer<byte[], byte[]> producer =
                        new KafkaProducer<>(
                                Map.of("bootstrap.servers", stack.bootstrapServers()),
                                new ByteArraySerializer(),
                                new ByteArraySerializer())) {
            ConsumerRecord<byte[], byte[]> last = Published.readAll(consumer, topic).getLast();
            producer.send(new ProducerRecord<>(topic, 0, last.key(), last.value(), last.headers()))
                    .get();
        }
    }
}
