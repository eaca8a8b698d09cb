package dev.outrun.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.connector.ConnectorConfig.SourceSettings;
import dev.outrun.connector.audit.AuditScope;
import dev.outrun.connector.audit.Difference;
import dev.outrun.connector.audit.Difference.Kind;
import dev.outrun.connector.audit.Repair;
import dev.outrun.connector.audit.RepairReport;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Each kind of damage is done by hand, and mended as far as it can be. */
@ExtendWith(TestStackExtension.class)
final class AuditRepairTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private static final String UNPUBLISH = "alter publication outrun drop table outrun.run_outbox";
    private static final String PUBLISH =
            """
            alter publication outrun add table outrun.run_outbox
                (run_id, first_seq, tenant, shard, attempt, events, appended_us, trace, topicless)
            """;

    private final TestStack stack;
    private final Appends ledger;
    private final KafkaAddress kafka;

    AuditRepairTest(TestStack stack) throws SQLException {
        this.stack = stack;
        this.ledger = new Appends(stack.dataSource());
        this.kafka = new KafkaAddress(stack.bootstrapServers(), Map.of());
    }

    @BeforeEach
    void makeTopics() {
        Connectors.makeTopics(stack);
    }

    /** What somebody has made of a run topic's records. */
    enum Damage {
        GONE,
        MISSING_AT_THE_END,
        MISSING_IN_THE_MIDDLE,
        DOUBLED,
        OUT_OF_ORDER,
        DIFFERENT,
        STRAYS;

        private List<ProducerRecord<byte[], byte[]>> of(List<ProducerRecord<byte[], byte[]>> all) {
            return switch (this) {
                case GONE -> List.of();
                case MISSING_AT_THE_END -> all.subList(0, 2);
                case MISSING_IN_THE_MIDDLE -> List.of(all.get(0), all.get(2), all.get(3));
                case DOUBLED -> List.of(all.get(0), all.get(0), all.get(1), all.get(2), all.get(3));
                case OUT_OF_ORDER -> List.of(all.get(1), all.get(0), all.get(2), all.get(3));
                case DIFFERENT -> List.of(all.get(0), changed(all.get(1)), all.get(2), all.get(3));
                case STRAYS ->
                        Stream.concat(
                                        all.stream(),
                                        Stream.of(
                                                new ProducerRecord<byte[], byte[]>(
                                                        all.getFirst().topic(), new byte[0])))
                                .toList();
            };
        }

        private static ProducerRecord<byte[], byte[]> changed(ProducerRecord<byte[], byte[]> one) {
            return new ProducerRecord<>(
                    one.topic(),
                    0,
                    one.key(),
                    "\"changed\"".getBytes(StandardCharsets.UTF_8),
                    one.headers());
        }
    }

    @ParameterizedTest
    @EnumSource
    void runTopic_damaged_isMadeRight(Damage damage) throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            // Given
            RunId run = run(3);
            RunId other = run(3);
            connector.drainOnce(LIMIT);
            rewrite(run, damage);

            // When
            RepairReport report = repair(AuditScope.ALL);
            RepairReport again = repair(AuditScope.ALL);

            // Then
            assertFalse(report.before().isClean());
            assertEquals(1, report.asked());
            assertEquals(List.of(), report.after().differences());
            assertEquals(report.before().differences(), report.mended());
            assertEquals(0, again.asked());

            // When
            ledger.append(run, "4");
            ledger.append(other, "4");
            connector.drainOnce(LIMIT);

            // Then
            assertEquals(Health.State.RUNNING, connector.health().state());
            Published.assertIsTheLedger(stack);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"MISSING_AT_THE_END", "STRAYS"})
    void runTopic_damagedInAnEarlierLife_isMadeRight(Damage damage) throws Exception {
        // Given
        RunId run = run(3);
        try (OutboxConnector connector = Connectors.start(stack)) {
            connector.drainOnce(LIMIT);
        }
        rewrite(run, damage);

        // When
        try (OutboxConnector connector = Connectors.start(stack)) {
            RepairReport report = repair(new AuditScope(run, null));
            ledger.append(run, "4");
            connector.drainOnce(LIMIT);

            // Then
            assertEquals(List.of(), report.after().differences());
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void runTopics_damagedWhileTheirRunsAreAppendedTo_areMadeRight() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            // Given
            List<RunId> runs = List.of(run(3), run(3), run(3), run(3));
            connector.drainOnce(LIMIT);
            AtomicBoolean enough = new AtomicBoolean();
            CompletableFuture<Void> written = new CompletableFuture<>();
            Thread writer = Thread.ofVirtual().start(() -> write(runs, enough, written));

            // When
            for (int i = 0; i < 3; i++) {
                stack.deleteTopics(topic(runs.getFirst()));
                send(List.of(new ProducerRecord<>(topic(runs.getLast()), new byte[0])));
                repair(AuditScope.ALL);
            }
            enough.set(true);
            writer.join();
            written.get();
            connector.drainOnce(LIMIT);

            // Then
            assertEquals(Health.State.RUNNING, connector.health().state());
            assertEquals(List.of(), repair(AuditScope.ALL).after().differences());
        }
    }

    @ParameterizedTest
    @CsvSource({"REPLICATION, 2", "POLLING, 1", "POLLING, 2"})
    void runTopics_fedInAnotherWay_areMadeRightByTheirOwnPart(SourceSettings.Kind kind, int slots)
            throws Exception {
        try (OutboxConnector connector = Connectors.start(stack, SourceSettings.of(kind, slots))) {
            // Given: of both shards
            List<RunId> runs = List.of(run(3), run(3), run(3), run(3));
            connector.drainOnce(LIMIT);
            for (RunId run : runs) {
                rewrite(run, Damage.OUT_OF_ORDER);
            }

            // When
            RepairReport report = repair(AuditScope.ALL);

            // Then
            assertEquals(runs.size(), report.asked());
            assertEquals(List.of(), report.after().differences());
            assertEquals(Health.State.RUNNING, connector.health().state());
            Published.assertIsTheLedger(stack);
        }
    }

    @ParameterizedTest
    @EnumSource
    void repair_askedForWhileNobodyListens_isMadeFromTheTable(SourceSettings.Kind kind)
            throws Exception {
        // Given
        SourceSettings source = SourceSettings.of(kind, 1);
        RunId run = run(3);
        try (OutboxConnector connector = Connectors.start(stack, source)) {
            connector.drainOnce(LIMIT);
        }
        rewrite(run, Damage.DIFFERENT);

        // When: what the log says of it is lost
        ask(run);
        ledger.execute(
                "select pg_drop_replication_slot(slot_name) from pg_replication_slots"
                        + " where database = current_database()");
        try (OutboxConnector connector = Connectors.start(stack, source)) {
            connector.drainOnce(LIMIT);
            ask(run);
            connector.drainOnce(LIMIT);
        }

        // Then
        Published.assertIsTheLedger(stack);
        assertEquals("1", ledger.text("select count(*) from outrun.repair_request"));
    }

    @Test
    void events_thatNeverReachedTheConnector_arePublishedLate() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            // Given
            RunId run = run(3);
            connector.drainOnce(LIMIT);
            ledger.execute(UNPUBLISH);
            ledger.append(run, "\"late\"");
            ledger.append(run, "\"later\"");
            ledger.execute(PUBLISH);

            // When
            RepairReport report = repair(AuditScope.ALL);

            // Then
            assertEquals(
                    List.of("missing 4", "missing 4", "missing 5", "missing 5"),
                    report.before().differences().stream()
                            .map(AuditRepairTest::brief)
                            .sorted()
                            .toList());
            assertEquals(List.of(), report.after().differences());

            // When
            ledger.append(run, "6");
            connector.drainOnce(LIMIT);

            // Then
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void eventsMissingInTheFirehose_beforeOthers_areThereButOutOfOrder() throws Exception {
        // Given: who publishes 5 has never met the run before
        RunId run = run(3);
        try (OutboxConnector connector = Connectors.start(stack)) {
            connector.drainOnce(LIMIT);
            ledger.execute(UNPUBLISH);
            ledger.append(run, "\"late\"");
            ledger.execute(PUBLISH);
        }
        try (OutboxConnector connector = Connectors.start(stack)) {
            ledger.append(run, "5");
            connector.drainOnce(LIMIT);

            // When
            RepairReport report = repair(AuditScope.ALL);
            RepairReport again = repair(AuditScope.ALL);

            // Then
            assertEquals(
                    List.of("missing 4"),
                    report.mended().stream().map(AuditRepairTest::brief).toList());
            assertEquals(
                    List.of("out_of_order 4"),
                    report.after().differences().stream().map(AuditRepairTest::brief).toList());
            assertEquals(0, again.asked());
            assertEquals(report.after(), again.after());
        }
    }

    @Test
    void record_copiedInTheFirehose_staysThere() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            // Given
            RunId run = run(1);
            connector.drainOnce(LIMIT);
            ConsumerRecord<byte[], byte[]> copied = records(stack.topics().events()).getFirst();
            send(
                    List.of(
                            new ProducerRecord<>(
                                    copied.topic(),
                                    copied.partition(),
                                    copied.key(),
                                    copied.value(),
                                    copied.headers())));

            // When
            RepairReport report = repair(new AuditScope(run, null));

            // Then
            assertEquals(0, report.asked());
            assertEquals(
                    List.of(Kind.DOUBLED),
                    report.after().differences().stream().map(Difference::kind).toList());
        }
    }

    @Test
    void runTopic_thatHasWhatTheLedgerHasLost_isLeftAlone() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            // Given
            RunId run = run(3);
            connector.drainOnce(LIMIT);
            ledger.execute("delete from outrun.run_outbox where first_seq = 1");

            // When
            RepairReport report = repair(AuditScope.ALL);
            String asked = ledger.text("select outrun.repair('%s')".formatted(run));
            connector.drainOnce(LIMIT);

            // Then
            assertEquals(0, report.asked());
            assertEquals("f", asked);
            assertEquals(4, records(topic(run)).size());
        }
    }

    @Test
    void repair_ofARunNobodyKnows_isRefused() throws Exception {
        assertEquals("f", ledger.text("select outrun.repair(gen_random_uuid())"));
    }

    @Test
    void repair_withTheConnectorBehind_asksForNothing() throws Exception {
        // Given
        RunId run = run(1);
        try (OutboxConnector connector = Connectors.start(stack)) {
            connector.drainOnce(LIMIT);
        }
        ledger.append(run, "2");

        // When
        RepairReport report =
                Repair.repair(
                        stack.postgres(),
                        kafka,
                        stack.topics(),
                        stack.slot(),
                        Duration.ZERO,
                        AuditScope.ALL);

        // Then
        assertEquals(0, report.asked());
        assertFalse(report.after().isClean());
    }

    @Test
    void repair_whileAnotherOneIsUnderWay_isRefused() throws Exception {
        try (Connection other = stack.dataSource().getConnection();
                Statement statement = other.createStatement()) {
            // Given
            statement.execute("select pg_advisory_lock(hashtext('outrun.repair'))");

            // When
            OutrunException refused =
                    assertThrows(OutrunException.class, () -> repair(AuditScope.ALL));

            // Then
            assertEquals(ErrorCode.UNAVAILABLE, refused.code());
        }
    }

    @Test
    void haltedRun_isRepairedAsFarAsItWasPublished() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            // Given: an append for a shard that is not there
            RunId run = run(3);
            ledger.execute("update outrun.run set shard = 99 where id = '%s'".formatted(run));
            ledger.append(run, "4");
            ledger.append(run, "5");
            connector.drainOnce(LIMIT);
            rewrite(run, Damage.DOUBLED);

            // When
            String asked = ledger.text("select outrun.repair('%s')".formatted(run));
            connector.drainOnce(LIMIT);

            // Then
            assertEquals("t", asked);
            assertEquals(Health.State.RUNNING, connector.health().state());
            assertEquals(4, records(topic(run)).size());
            assertTrue(
                    records(topic(run)).stream()
                            .allMatch(one ->
                                    new String(
                                                    one.headers().lastHeader("ce_sequence").value(),
                                                    StandardCharsets.UTF_8)
                                            .equals(Long.toString(one.offset()))));
        }
    }

    private static String brief(Difference difference) {
        return difference.toString().substring(0, difference.toString().indexOf(' '))
                + " "
                + difference.seq();
    }

    private RepairReport repair(AuditScope scope) throws InterruptedException {
        return Repair.repair(stack.postgres(), kafka, stack.topics(), stack.slot(), LIMIT, scope);
    }

    private void ask(RunId run) throws SQLException {
        assertEquals("t", ledger.text("select outrun.repair('%s')".formatted(run)));
    }

    /** A new run with so many events after its first. */
    private RunId run(int events) throws SQLException {
        RunId run = ledger.start();
        for (int i = 0; i < events; i++) {
            ledger.append(run, Integer.toString(i));
        }
        return run;
    }

    private void write(List<RunId> runs, AtomicBoolean enough, CompletableFuture<Void> done) {
        try {
            for (int i = 0; !enough.get(); i++) {
                ledger.append(runs.get(i % runs.size()), Integer.toString(i));
            }
            done.complete(null);
        } catch (SQLException e) {
            done.completeExceptionally(e);
        }
    }

    private String topic(RunId run) {
        return stack.topics().run(Tenant.DEFAULT, run);
    }

    /** Deletes a run's topic, and makes it again with these records, if there are any. */
    private void rewrite(RunId run, Damage damage) throws Exception {
        String topic = topic(run);
        List<ProducerRecord<byte[], byte[]>> records =
                damage.of(
                        records(topic).stream()
                                .map(one ->
                                        new ProducerRecord<>(
                                                topic, 0, one.key(), one.value(), one.headers()))
                                .toList());
        stack.deleteTopics(topic);
        if (!records.isEmpty()) {
            try (Admin admin = Admin.create(kafka.client(Map.of()))) {
                admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
            }
            send(records);
        }
    }

    private List<ConsumerRecord<byte[], byte[]>> records(String topic) {
        try (KafkaConsumer<byte[], byte[]> consumer = Published.consumer(stack)) {
            return Published.readAll(consumer, topic);
        }
    }

    private void send(List<ProducerRecord<byte[], byte[]>> records) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        Map.of("bootstrap.servers", stack.bootstrapServers()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            for (ProducerRecord<byte[], byte[]> record : records) {
                producer.send(record).get();
            }
        }
    }
}
