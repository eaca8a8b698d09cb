package dev.outrun.connector;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.connector.ConnectorConfig.RunTopicSettings;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStackExtension.class)
class OutboxConnectorTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final TestStack stack;
    private final Appends ledger;

    OutboxConnectorTest(TestStack stack) throws SQLException {
        this.stack = stack;
        this.ledger = new Appends(stack.dataSource());
    }

    @BeforeEach
    void makeTopics() {
        Connectors.makeTopics(stack);
    }

    @Test
    void appends_ofSeveralRuns_arePublishedOnceInOrder() throws Exception {
        try (OutboxConnector connector = start()) {
            // Given
            List<RunId> runs = List.of(ledger.start(), ledger.start(), ledger.start());

            // When
            for (int i = 0; i < 30; i++) {
                ledger.append(runs.get(i % runs.size()), "{\"text\": \"größe \\\"" + i + "\" }");
            }
            connector.drainOnce(LIMIT);

            // Then
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void producers_replacedAgainAndAgain_keepTheOrder() throws Exception {
        // Given: a producer may only meet two topics
        ConnectorConfig usual = config(stack.slot());
        RunTopicSettings runTopics = usual.runTopics();
        ConnectorConfig config =
                usual.withRunTopics(
                        new RunTopicSettings(
                                runTopics.producers(),
                                2,
                                runTopics.rest(),
                                runTopics.knownRuns(),
                                runTopics.queueAppends(),
                                runTopics.queueBytes()));
        try (OutboxConnector connector = OutboxConnector.start(config)) {
            List<RunId> runs = new ArrayList<>();

            // When
            for (int i = 0; i < 20; i++) {
                runs.add(ledger.start());
                for (RunId run : runs) {
                    ledger.append(run, Integer.toString(i));
                }
            }
            connector.drainOnce(LIMIT);

            // Then
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void slot_whileOnlyOthersWrite_isMovedByHeartbeats() throws Exception {
        // Given
        ConnectorConfig usual = config(stack.slot());
        ConnectorConfig.Timing timing = usual.timing();
        ConnectorConfig config =
                usual.withTiming(
                        new ConnectorConfig.Timing(
                                timing.rest(),
                                timing.checkpointEvery(),
                                Duration.ofMillis(50),
                                timing.startLimit(),
                                timing.closeLimit()));
        try (OutboxConnector connector = OutboxConnector.start(config)) {
            // the start's own barrier moves it once
            for (int round = 0; round < 3; round++) {
                // When
                ledger.execute(
                        "select pg_logical_emit_message(false, 'other', repeat('x', 1000000))");
                String written = ledger.text("select pg_current_wal_lsn()");

                // Then: by the test's own limit
                String moved =
                        "select confirmed_flush_lsn >= '%s' from pg_replication_slots where slot_name = '%s'"
                                .formatted(written, stack.slot());
                while (!ledger.text(moved).equals("t")) {
                    assertEquals(Health.State.RUNNING, connector.health().state());
                }
            }
        }
    }

    @Test
    void transaction_ofManyRunsAndEvents_isPublishedInOrder() throws Exception {
        try (OutboxConnector connector = start();
                Connection transaction = ledger.open()) {
            // Given
            List<RunId> runs = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                runs.add(ledger.start(transaction, new Tenant("tenant-" + i % 3)));
            }

            // When
            for (int i = 0; i < 5; i++) {
                for (RunId run : runs) {
                    Appends.appendAll(
                            transaction,
                            run,
                            "[{\"type\":\"a\",\"data\":1}, {\"data\":[{}],\"type\":\"b\"} ,"
                                    + "{\"type\":\"c\"}]");
                }
            }
            transaction.commit();
            connector.drainOnce(LIMIT);

            // Then
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void transactions_committedInAnotherOrderThanWritten_arePublishedInCommitOrder()
            throws Exception {
        try (OutboxConnector connector = start();
                Connection first = ledger.open();
                Connection second = ledger.open()) {
            // Given
            RunId one = ledger.start(first, Tenant.DEFAULT);
            RunId other = ledger.start(second, Tenant.DEFAULT);
            Appends.append(first, one, "1");

            // When
            second.commit();
            Appends.append(first, one, "2");
            Appends.append(second, other, "1");
            first.commit();
            second.commit();
            connector.drainOnce(LIMIT);

            // Then
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void transaction_ofTenThousandRows_isPublishedOnce() throws Exception {
        try (OutboxConnector connector = start()) {
            // Given
            RunId run = ledger.start();

            // When
            ledger.execute(
                    """
                    do $$ begin
                        for i in 1..10000 loop
                            perform outrun.append('%s', null, '[{"type":"t","data":null}]');
                        end loop;
                    end $$
                    """
                            .formatted(run));
            connector.drainOnce(LIMIT);

            // Then
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void event_ofOneMebibyte_isPublished() throws Exception {
        try (OutboxConnector connector = start()) {
            // Given
            RunId run = ledger.start();
            byte[] random = new byte[(1 << 19) - 1];
            new Random(1).nextBytes(random);

            // When
            ledger.append(run, "\"" + java.util.HexFormat.of().formatHex(random) + "\"");
            connector.drainOnce(LIMIT);

            // Then
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void restart_afterAClose_publishesWhatWasMissedAndNothingTwice() throws Exception {
        // Given
        RunId run;
        try (OutboxConnector connector = start()) {
            run = ledger.start();
            ledger.append(run, "1");
            connector.drainOnce(LIMIT);
        }
        ledger.append(run, "2");
        ledger.start();

        // When
        try (OutboxConnector connector = start()) {
            ledger.append(run, "3");
            connector.drainOnce(LIMIT);
        }

        // Then
        Published.assertIsTheLedger(stack);
    }

    @Test
    void view_tellsWhatIsPublished() throws Exception {
        // Given: a transaction that writes before the drain and commits behind it
        RunId drained = ledger.start();
        RunId late = ledger.start();
        try (Connection open = ledger.open()) {
            try (OutboxConnector connector = start()) {
                ledger.append(drained, "1");
                Appends.append(open, late, "1");
                ledger.append(drained, "2");

                // When
                connector.drainOnce(LIMIT);
            }
            open.commit();
        }

        // Then
        assertEquals("0 true, 1 true, 2 true", published(drained));
        assertEquals("0 true, 1 false", published(late));

        // When
        try (OutboxConnector connector = start()) {
            connector.drainOnce(LIMIT);
        }

        // Then
        assertEquals("0 true, 1 true", published(late));
    }

    @Test
    void close_withAppendsUndrained_publishesThemAndFreesTheSlot() throws Exception {
        // Given
        OutboxConnector connector = start();
        RunId run = ledger.start();
        ledger.append(run, "1");

        // When
        connector.close();
        connector.close();

        // Then
        assertEquals(
                "f",
                ledger.text(
                        "select active from pg_replication_slots where slot_name = '"
                                + stack.slot()
                                + "'"));
        assertEquals(Health.State.STOPPED, connector.health().state());
        assertThrows(OutrunException.class, () -> connector.drainOnce(LIMIT));
        Published.assertIsTheLedger(stack);
    }

    @Test
    void slot_fallenBehindTheCheckpoint_publishesNothingTwice() throws Exception {
        // Given: a slot at the very beginning, with the checkpoint of a publisher that went on
        String behind = stack.slot() + "_behind";
        RunId run;
        ledger.execute("select pg_create_logical_replication_slot('" + behind + "', 'pgoutput')");
        try (Connection first = ledger.open();
                Connection second = ledger.open()) {
            try (OutboxConnector connector = start()) {
                run = ledger.start(first, Tenant.DEFAULT);
                RunId open = ledger.start(second, Tenant.DEFAULT);
                first.commit();
                connector.drainOnce(LIMIT);
                Appends.append(second, open, "1");
                ledger.append(run, "1");
                connector.drainOnce(LIMIT);
            }
            second.commit(); // written before the checkpoint, committed behind it
        }
        copyCheckpoint(stack.slot(), behind);
        ledger.append(run, "2");

        // When
        try (OutboxConnector connector = start(behind)) {
            connector.drainOnce(LIMIT);
        }

        // Then
        Published.assertIsTheLedger(stack);
        ledger.execute("select pg_drop_replication_slot('" + behind + "')");
    }

    @Test
    void stream_cutAgainAndAgain_isResumedWithoutLossOrDoubles() throws Exception {
        try (OutboxConnector connector = start()) {
            // Given
            RunId run = ledger.start();
            CompletableFuture<Void> written = new CompletableFuture<>();
            Thread writer =
                    Thread.ofVirtual()
                            .start(() -> {
                                try {
                                    for (int i = 0; i < 150; i++) {
                                        ledger.execute(transactionOf(run, 20));
                                    }
                                    written.complete(null);
                                } catch (SQLException e) {
                                    written.completeExceptionally(e);
                                }
                            });

            // When
            for (int i = 0; i < 3; i++) {
                ledger.execute(
                        "select pg_terminate_backend(active_pid) from pg_replication_slots"
                                + " where active and slot_name = '"
                                + stack.slot()
                                + "'");
                connector.drainOnce(LIMIT);
            }
            writer.join();
            written.get();
            connector.drainOnce(LIMIT);

            // Then
            assertEquals(Health.State.RUNNING, connector.health().state());
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void start_withoutTopics_saysSo() {
        // Given
        String slot = stack.slot();
        ConnectorConfig elsewhere =
                ConnectorConfig.of(
                        stack.postgres(),
                        stack.bootstrapServers(),
                        new dev.outrun.schema.topic.Topics(stack.topics().prefix() + ".none"),
                        slot);

        // When
        OutrunException refused =
                assertThrows(OutrunException.class, () -> OutboxConnector.start(elsewhere));

        // Then
        assertSays("there is no topic", refused);
    }

    private String published(RunId run) throws SQLException {
        return ledger.text(
                """
                select string_agg(seq || ' ' || published, ', ' order by seq)
                from outrun.run_event where run_id = '%s'
                """
                        .formatted(run));
    }

    private static void assertSays(String part, OutrunException failure) {
        String message = String.valueOf(failure.getMessage());
        assertTrue(message.contains(part), message);
    }

    private OutboxConnector start() throws InterruptedException {
        return start(stack.slot());
    }

    private OutboxConnector start(String slot) throws InterruptedException {
        return OutboxConnector.start(config(slot));
    }

    private ConnectorConfig config(String slot) {
        return ConnectorConfig.of(stack.postgres(), stack.bootstrapServers(), stack.topics(), slot);
    }

    private static String transactionOf(RunId run, int appends) {
        return """
        do $$ begin
            for i in 1..%d loop
                perform outrun.append('%s', null, '[{"type":"t","data":null}]');
            end loop;
        end $$
        """
                .formatted(appends, run);
    }

    private void copyCheckpoint(String from, String to) throws Exception {
        byte[] last = null;
        try (KafkaConsumer<byte[], byte[]> consumer = Published.consumer(stack);
                KafkaProducer<byte[], byte[]> producer = producer()) {
            for (ConsumerRecord<byte[], byte[]> record :
                    Published.readAll(consumer, stack.topics().checkpoints())) {
                last =
                        new String(record.key(), UTF_8).startsWith(from + "/")
                                ? record.value()
                                : last;
            }
            producer.send(
                            new ProducerRecord<>(
                                    stack.topics().checkpoints(),
                                    (to + "/0").getBytes(UTF_8),
                                    last))
                    .get();
        }
    }

    private KafkaProducer<byte[], byte[]> producer() {
        return new KafkaProducer<>(
                Map.of("bootstrap.servers", stack.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }
}
