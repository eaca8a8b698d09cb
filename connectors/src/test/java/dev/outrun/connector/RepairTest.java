package dev.outrun.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Run topics that others have changed. */
@ExtendWith(TestStackExtension.class)
class RepairTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final TestStack stack;
    private final Appends ledger;

    RepairTest(TestStack stack) throws SQLException {
        this.stack = stack;
        this.ledger = new Appends(stack.dataSource());
    }

    @BeforeEach
    void makeTopics() {
        Connectors.makeTopics(stack);
    }

    @Test
    void strangersRecord_atATopicsEnd_isGoneAfterTheNextAppend() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            // Given
            List<RunId> runs = List.of(ledger.start(), ledger.start());
            appendEach(runs, 5);
            connector.drainOnce(LIMIT);
            writeTo(topic(runs.getFirst()));

            // When
            appendEach(runs, 5);
            connector.drainOnce(LIMIT);

            // Then
            assertEquals(Health.State.RUNNING, connector.health().state());
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void strangersRecord_inATopicNotUsedYet_isGoneAfterTheFirstAppend() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            // Given
            RunId run = RunId.parse(ledger.text("select outrun.new_run_id()"));
            connector.drainOnce(LIMIT);
            writeTo(topic(run));

            // When
            ledger.execute(
                    "select outrun.start_run('test', queue => 'q', id => '%s')".formatted(run));
            ledger.append(run, "1");
            connector.drainOnce(LIMIT);

            // Then
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void strangersRecord_inATopicOfAnEarlierLife_isGoneAfterTheNextAppend() throws Exception {
        // Given
        RunId run = ledger.start();
        try (OutboxConnector connector = Connectors.start(stack)) {
            ledger.append(run, "1");
            connector.drainOnce(LIMIT);
        }
        writeTo(topic(run));

        // When
        try (OutboxConnector connector = Connectors.start(stack)) {
            connector.drainOnce(LIMIT);
            ledger.append(run, "2");
            connector.drainOnce(LIMIT);
        }

        // Then
        Published.assertIsTheLedger(stack);
    }

    @Test
    void strangersRecord_beforeWhatIsStillToBePublished_isGoneAndNothingIsLost() throws Exception {
        // Given
        List<RunId> runs = List.of(ledger.start(), ledger.start());
        try (OutboxConnector connector = Connectors.start(stack)) {
            appendEach(runs, 1);
            connector.drainOnce(LIMIT);
        }
        writeTo(topic(runs.getFirst()));
        appendEach(runs, 1);

        // When
        try (OutboxConnector connector = Connectors.start(stack)) {
            appendEach(runs, 1);
            connector.drainOnce(LIMIT);
        }

        // Then
        Published.assertIsTheLedger(stack);
    }

    @Test
    void topic_deletedBetweenAppends_isMadeAnewWithTheSameOffsets() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            // Given
            List<RunId> runs = List.of(ledger.start(), ledger.start());
            appendEach(runs, 20);
            connector.drainOnce(LIMIT);
            stack.deleteTopics(topic(runs.getFirst()));

            // When
            appendEach(runs, 20);
            connector.drainOnce(LIMIT);

            // Then
            assertEquals(Health.State.RUNNING, connector.health().state());
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void topic_deletedWhileNoConnectorLived_isMadeAnewWithTheSameOffsets() throws Exception {
        // Given
        List<RunId> runs = List.of(ledger.start(), ledger.start());
        try (OutboxConnector connector = Connectors.start(stack)) {
            appendMany(runs.getLast(), 2_000);
            connector.drainOnce(LIMIT);
        }
        stack.deleteTopics(topic(runs.getLast()));

        // When
        try (OutboxConnector connector = Connectors.start(stack)) {
            appendEach(runs, 1);
            connector.drainOnce(LIMIT);
        }

        // Then
        Published.assertIsTheLedger(stack);
    }

    private void appendMany(RunId run, int times) throws SQLException {
        ledger.execute(
                """
                do $$ begin
                    for i in 1..%d loop
                        perform outrun.append('%s', null, '[{"type":"a"},{"type":"b"}]');
                    end loop;
                end $$
                """
                        .formatted(times, run));
    }

    private void appendEach(List<RunId> runs, int times) throws SQLException {
        for (int i = 0; i < times; i++) {
            for (RunId run : runs) {
                ledger.append(run, Integer.toString(i));
            }
        }
    }

    private String topic(RunId run) {
        return stack.topics().run(Tenant.DEFAULT, run);
    }

    private void writeTo(String topic) throws InterruptedException, ExecutionException {
        try (Admin admin = admin();
                KafkaProducer<byte[], byte[]> stranger =
                        new KafkaProducer<>(
                                Map.of("bootstrap.servers", stack.bootstrapServers()),
                                new ByteArraySerializer(),
                                new ByteArraySerializer())) {
            if (!admin.listTopics().names().get().contains(topic)) {
                admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
            }
            stranger.send(new ProducerRecord<>(topic, new byte[0])).get();
        }
    }

    private Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", stack.bootstrapServers()));
    }
}
