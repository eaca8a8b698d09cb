package dev.outrun.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.connector.audit.AuditReport;
import dev.outrun.connector.audit.AuditScope;
import dev.outrun.connector.audit.Auditor;
import dev.outrun.connector.audit.Difference;
import dev.outrun.connector.audit.Difference.Kind;
import dev.outrun.connector.topic.PlatformTopics;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.RecordHeaders;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Each kind of damage is done by hand, and has to be found and named. */
@ExtendWith(TestStackExtension.class)
final class AuditorTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final TestStack stack;
    private final Appends ledger;
    private final KafkaAddress kafka;

    AuditorTest(TestStack stack) throws SQLException {
        this.stack = stack;
        this.ledger = new Appends(stack.dataSource());
        this.kafka = new KafkaAddress(stack.bootstrapServers(), Map.of());
    }

    @BeforeEach
    void makeTopics() {
        PlatformTopics.create(kafka, stack.topics(), TestStack.SHARDS);
    }

    @Test
    void audit_ofWhatTheConnectorPublished_findsNothing() throws Exception {
        try (OutboxConnector connector = connector()) {
            // Given
            RunId one = run(3);
            run(300);
            connector.drainOnce(LIMIT);

            // When
            AuditReport all = audit(AuditScope.ALL);
            AuditReport only = audit(new AuditScope(one, null));
            AuditReport later = audit(new AuditScope(null, Instant.now().plusSeconds(60)));

            // Then
            assertEquals(List.of(), all.differences());
            assertEquals(2, all.runs());
            assertEquals(305, all.events());
            assertEquals(new AuditReport(1, 4, List.of(), 0), only);
            assertEquals(new AuditReport(0, 0, List.of(), 0), later);
        }
    }

    @Test
    void events_notPublished_areMissing() throws Exception {
        // Given
        RunId run;
        try (OutboxConnector connector = connector()) {
            run = run(1);
            connector.drainOnce(LIMIT);
        }
        ledger.append(run, "2");

        // When
        AuditReport report =
                Auditor.audit(
                        stack.postgres(),
                        kafka,
                        stack.topics(),
                        stack.slot(),
                        Duration.ZERO,
                        AuditScope.ALL);

        // Then
        assertEquals(
                List.of("behind -1", "missing 2", "missing 2"),
                report.differences().stream().map(AuditorTest::brief).sorted().toList());
    }

    @Test
    void record_copiedInTheFirehose_isDoubled() throws Exception {
        try (OutboxConnector connector = connector()) {
            // Given
            RunId run = run(2);
            connector.drainOnce(LIMIT);
            ConsumerRecord<byte[], byte[]> copied = firehose(run, 1);

            // When
            send(
                    new ProducerRecord<>(
                            copied.topic(),
                            copied.partition(),
                            copied.key(),
                            copied.value(),
                            copied.headers()));

            // Then
            Difference found = onlyOne(audit(AuditScope.ALL));
            assertEquals(Kind.DOUBLED, found.kind());
            assertEquals(run, found.run());
            assertEquals(1, found.seq());
            assertEquals(copied.topic() + "/" + copied.partition(), found.where());
        }
    }

    @Test
    void event_ofARunNobodyKnows_isAStray() throws Exception {
        try (OutboxConnector connector = connector()) {
            // Given
            run(1);
            connector.drainOnce(LIMIT);
            RunId stranger = new RunId(UUID.randomUUID());

            // When
            send(record(stack.topics().events(), stranger, 0, "1"));

            // Then
            Difference found = onlyOne(audit(AuditScope.ALL));
            assertEquals(Kind.STRAY, found.kind());
            assertEquals(stranger, found.run());
        }
    }

    @Test
    void record_behindTheLogsEnd_isAStray() throws Exception {
        try (OutboxConnector connector = connector()) {
            // Given
            RunId run = run(1);
            connector.drainOnce(LIMIT);

            // When
            send(record(topicOf(run), run, 2, "1"));
            send(new ProducerRecord<>(topicOf(run), new byte[0]));

            // Then
            assertEquals(
                    List.of("stray -1", "stray 2"),
                    audit(AuditScope.ALL).differences().stream()
                            .map(AuditorTest::brief)
                            .sorted()
                            .toList());
        }
    }

    @Test
    void records_behindTheLogsEndInBothLanes_areAStrayEach() throws Exception {
        try (OutboxConnector connector = connector()) {
            // Given
            RunId run = run(1);
            connector.drainOnce(LIMIT);
            ConsumerRecord<byte[], byte[]> last = firehose(run, 1);
            ProducerRecord<byte[], byte[]> stray = record(topicOf(run), run, 2, "1");

            // When
            send(stray);
            send(
                    new ProducerRecord<>(
                            last.topic(),
                            last.partition(),
                            stray.key(),
                            stray.value(),
                            stray.headers()));

            // Then
            assertEquals(
                    List.of("stray 2", "stray 2"),
                    audit(AuditScope.ALL).differences().stream().map(AuditorTest::brief).toList());
        }
    }

    @Test
    void payload_changedInTheLedger_isDifferentInBothLanes() throws Exception {
        try (OutboxConnector connector = connector()) {
            // Given
            run(2);
            connector.drainOnce(LIMIT);

            // When
            ledger.execute(
                    "update outrun.run_outbox set events = '[{\"type\":\"test.said\",\"data\":7}]'"
                            + " where first_seq = 2");

            // Then
            assertEquals(
                    List.of("different 2", "different 2"),
                    audit(AuditScope.ALL).differences().stream().map(AuditorTest::brief).toList());
        }
    }

    @Test
    void topic_deletedByHand_isMissingFromItsFirstEventOn() throws Exception {
        try (OutboxConnector connector = connector()) {
            // Given
            RunId run = run(1);
            run(1);
            connector.drainOnce(LIMIT);

            // When
            stack.deleteTopics(topicOf(run));

            // Then
            AuditReport report = audit(AuditScope.ALL);
            assertEquals(
                    List.of("missing 0", "missing 1"),
                    report.differences().stream().map(AuditorTest::brief).toList());
            assertTrue(
                    report.differences().stream()
                            .allMatch(one -> one.where().equals(topicOf(run) + "/0")));
        }
    }

    @Test
    void rows_deletedByHand_areMissingInTheLedger() throws Exception {
        try (OutboxConnector connector = connector()) {
            // Given
            run(3);
            connector.drainOnce(LIMIT);

            // When
            ledger.execute("delete from outrun.run_outbox where first_seq = 1");

            // Then
            Difference found = onlyOne(audit(AuditScope.ALL));
            assertEquals(Kind.MISSING, found.kind());
            assertEquals(1, found.seq());
            assertEquals("outrun.run_outbox", found.where());
        }
    }

    @Test
    void events_appendedDuringTheAudit_areLeftToTheNext() throws Exception {
        try (OutboxConnector connector = connector();
                Connection open = ledger.open()) {
            // Given: an event that the audit's moment does not see, published before it reads
            RunId run = run(1);
            Appends.append(open, run, "2");
            connector.drainOnce(LIMIT);

            // When
            AuditReport before = audit(AuditScope.ALL);
            open.commit();
            AuditReport after = audit(AuditScope.ALL);

            // Then
            assertEquals(new AuditReport(1, 2, List.of(), 0), before);
            assertEquals(new AuditReport(1, 3, List.of(), 0), after);
        }
    }

    @Test
    void topicThatWasReaped_isNoDifference_butOneDeletedByHandIs() throws Exception {
        try (OutboxConnector connector = connector()) {
            // Given
            RunId reaped = run(1);
            RunId deleted = run(1);
            connector.drainOnce(LIMIT);
            stack.deleteTopics(topicOf(reaped), topicOf(deleted));
            ledger.execute(
                    "update outrun.run set finished_at = now(), topic_deleted_at = now()"
                            + " where id = '%s'".formatted(reaped));
            ConsumerRecord<byte[], byte[]> copied = firehose(reaped, 1);
            send(
                    new ProducerRecord<>(
                            copied.topic(),
                            copied.partition(),
                            copied.key(),
                            copied.value(),
                            copied.headers()));

            // When
            AuditReport report = audit(AuditScope.ALL);

            // Then
            assertEquals(
                    Set.of("doubled 1 " + reaped, "missing 0 " + deleted, "missing 1 " + deleted),
                    report.differences().stream()
                            .map(found -> brief(found) + " " + found.run())
                            .collect(Collectors.toSet()));
            assertEquals(3, report.found());
        }
    }

    @Test
    void audit_withoutADatabase_isUnavailable() {
        OutrunException refused =
                assertThrows(
                        OutrunException.class,
                        () ->
                                Auditor.audit(
                                        new PostgresAddress("127.0.0.1", 1, "x", "x", "secret"),
                                        kafka,
                                        stack.topics(),
                                        stack.slot(),
                                        LIMIT,
                                        AuditScope.ALL));
        assertEquals(ErrorCode.UNAVAILABLE, refused.code());
    }

    private static String brief(Difference difference) {
        return difference.toString().substring(0, difference.toString().indexOf(' '))
                + " "
                + difference.seq();
    }

    private static Difference onlyOne(AuditReport report) {
        assertEquals(1, report.found(), () -> report.differences().toString());
        return report.differences().getFirst();
    }

    private AuditReport audit(AuditScope scope) throws InterruptedException {
        return Auditor.audit(stack.postgres(), kafka, stack.topics(), stack.slot(), LIMIT, scope);
    }

    private OutboxConnector connector() throws InterruptedException {
        return OutboxConnector.start(
                ConnectorConfig.of(
                        stack.postgres(), stack.bootstrapServers(), stack.topics(), stack.slot()));
    }

    /** A new run with so many events after its first. */
    private RunId run(int events) throws SQLException {
        RunId run = ledger.start();
        for (int i = 0; i < events; i++) {
            ledger.append(run, Integer.toString(i));
        }
        return run;
    }

    private String topicOf(RunId run) {
        return stack.topics().run(Tenant.DEFAULT, run);
    }

    private ConsumerRecord<byte[], byte[]> firehose(RunId run, long seq) {
        try (KafkaConsumer<byte[], byte[]> consumer = Published.consumer(stack)) {
            return Published.readAll(consumer, stack.topics().events()).stream()
                    .filter(record -> RecordHeaders.read(record).run().equals(run))
                    .filter(record -> RecordHeaders.seq(record.headers()) == seq)
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static ProducerRecord<byte[], byte[]> record(
            String topic, RunId run, long seq, String data) {
        byte[] json = data.getBytes(StandardCharsets.UTF_8);
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(
                        topic, 0, run.toString().getBytes(StandardCharsets.UTF_8), json);
        RecordHeaders.write(
                record.headers(), new Event(run, seq, "test.said", 0, Instant.EPOCH, json), null);
        return record;
    }

    private void send(ProducerRecord<byte[], byte[]> record) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        Map.of("bootstrap.servers", stack.bootstrapServers()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            producer.send(record).get();
        }
    }
}
