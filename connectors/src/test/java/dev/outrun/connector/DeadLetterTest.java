package dev.outrun.connector;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.devstack.EmbeddedPostgres;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.topic.RecordHeaders;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.config.TopicConfig;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Appends that cannot be published. */
@ExtendWith(TestStackExtension.class)
class DeadLetterTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final TestStack stack;
    private final Appends ledger;

    DeadLetterTest(TestStack stack) throws SQLException {
        this.stack = stack;
        this.ledger = new Appends(stack.dataSource());
    }

    @BeforeEach
    void makeTopics() {
        Connectors.makeTopics(stack);
    }

    @Test
    void row_ofAnUnknownShape_haltsItsRunUntilItIsResolved() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            // Given
            RunId bad = ledger.start();
            RunId good = ledger.start();
            ledger.append(bad, "1");

            // When
            writeRow(bad, 2, "default", "{\"no\": \"array\"}");
            ledger.append(bad, "3");
            ledger.append(good, "1");
            connector.drainOnce(LIMIT);

            // Then
            assertEquals(Health.State.RUNNING, connector.health().state());
            assertEquals(List.of("0", "1"), seqsOf(bad));
            assertEquals(List.of("0", "1"), seqsOf(good));
            assertEquals(List.of("2 {\"no\": \"array\"}"), letters(bad));
            assertEquals("2 2 f", halted(bad));

            // When
            ledger.execute(
                    "update outrun.run_outbox set events = '[{\"type\":\"mended\",\"data\":2}]'"
                            + " where run_id = '%s' and first_seq = 2".formatted(bad));
            resolve(bad);
            ledger.append(bad, "4");
            connector.drainOnce(LIMIT);

            // Then
            assertEquals("null", halted(bad));
            assertEquals(List.of("0", "1", "2", "3", "4"), seqsOf(bad));
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void resolve_withTheCauseStillThere_haltsAgain() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            // Given
            RunId run = ledger.start();
            writeRow(run, 1, "default", "[]");
            connector.drainOnce(LIMIT);

            // When
            resolve(run);
            connector.drainOnce(LIMIT);

            // Then
            assertEquals("1 1 f", halted(run));
            assertEquals(List.of("1 []", "1 []"), letters(run));
            assertEquals(List.of("0"), seqsOf(run));
        }
    }

    /** Without a standby that answers, a commit is in the log long before others see it. */
    @Test
    void resolve_metBeforeItsCommitIsSeen_waitsForIt(@TempDir Path directory) throws Exception {
        try (EmbeddedPostgres postgres =
                EmbeddedPostgres.start(EmbeddedPostgres.Settings.throwaway(directory))) {
            // Given
            TestStack own = stack.on(postgres.address());
            Appends appends = new Appends(own.dataSource());
            RunId run = appends.start();
            appends.execute("update outrun.run set next_seq = 2 where id = '%s'".formatted(run));
            appends.execute(
                    "alter database %s set synchronous_commit = local"
                            .formatted(own.postgres().database()));
            try (OutboxConnector connector = Connectors.start(own)) {
                appends.append(run, "2");
                connector.drainOnce(LIMIT);
                appends.execute("alter system set synchronous_standby_names = 'nobody'");
                appends.execute("select pg_reload_conf()");

                // When
                CompletableFuture<Void> resolved = mendAndResolve(appends, run);
                appends.await(
                        """
                        select exists (select from pg_stat_activity where wait_event = 'SyncRep')
                               and (select sent_lsn >= pg_current_wal_flush_lsn()
                                    from pg_stat_replication)
                        """);
                appends.execute("alter system reset synchronous_standby_names");
                appends.execute("select pg_reload_conf()");
                resolved.get();
                connector.drainOnce(LIMIT);

                // Then
                assertEquals("0", appends.text("select count(*) from outrun.halted_run"));
                Published.assertIsTheLedger(own);
            }
        }
    }

    /** In one transaction, which is on disk but not seen before the standby has answered. */
    private static CompletableFuture<Void> mendAndResolve(Appends appends, RunId run) {
        return CompletableFuture.runAsync(() -> {
            try {
                appends.execute(
                        """
                        set synchronous_commit = on;
                        begin;
                        update outrun.run_outbox set first_seq = 1
                        where run_id = '%1$s' and first_seq = 2;
                        select outrun.resolve('%1$s');
                        commit
                        """
                                .formatted(run));
            } catch (SQLException e) {
                throw new CompletionException(e);
            }
        });
    }

    @Test
    void row_ofAnImpossibleTenantOrShard_haltsItsRun() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            // Given
            RunId one = ledger.start();
            RunId other = ledger.start();

            // When
            writeRow(one, 1, "No Such Tenant", "[{\"type\":\"a\"}]");
            writeRow(other, 1, "default", "[{\"type\":\"a\"}]");
            ledger.execute(
                    "insert into outrun.run_outbox select '%s', 0, tenant, 4000, attempt, events, appended_at, appended_us"
                                    .formatted(new RunId(UUID.randomUUID()))
                            + " from outrun.run_outbox where run_id = '%s' and first_seq = 1"
                                    .formatted(other));
            connector.drainOnce(LIMIT);

            // Then
            assertEquals("1 1 f", halted(one));
            assertEquals(List.of("0", "1"), seqsOf(other));
            String reasons = ledger.text("select string_agg(reason, '|') from outrun.halted_run");
            assertTrue(
                    reasons.contains(
                            "its shard is 4000, the firehose has "
                                    + TestStack.SHARDS
                                    + " partitions"),
                    reasons);
            assertEquals("2", ledger.text("select count(*) from outrun.halted_run"));
        }
    }

    @Test
    void run_withAHoleInItsTable_haltsUntilItIsFilled() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            // Given
            RunId run = ledger.start();
            ledger.execute("update outrun.run set next_seq = 3 where id = '%s'".formatted(run));

            // When
            ledger.append(run, "3");
            connector.drainOnce(LIMIT);

            // Then
            assertEquals("1 3 f", halted(run));
            assertEquals(List.of("0"), seqsOf(run));

            // When
            writeRow(run, 1, "default", "[{\"type\":\"a\"},{\"type\":\"b\",\"data\":2}]");
            resolve(run);
            connector.drainOnce(LIMIT);

            // Then
            assertEquals("null", halted(run));
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void haltedRun_staysHaltedOverARestart_andIsResolvedWhileNobodyListens() throws Exception {
        // Given
        RunId run = ledger.start();
        try (OutboxConnector connector = Connectors.start(stack)) {
            writeRow(run, 1, "default", "[1]");
            connector.drainOnce(LIMIT);
        }

        // When
        try (OutboxConnector connector = Connectors.start(stack)) {
            ledger.append(run, "2");
            connector.drainOnce(LIMIT);
        }

        // Then
        assertEquals(List.of("0"), seqsOf(run));

        // When
        ledger.execute(
                "update outrun.run_outbox set events = '[{\"type\":\"mended\"}]'"
                        + " where run_id = '%s' and first_seq = 1".formatted(run));
        resolve(run);
        ledger.append(run, "3");
        try (OutboxConnector connector = Connectors.start(stack)) {
            ledger.append(run, "4");
            connector.drainOnce(LIMIT);
        }

        // Then
        assertEquals("null", halted(run));
        Published.assertIsTheLedger(stack);
    }

    @Test
    void record_thatBrokersRefuse_haltsItsRunUntilTheyTakeIt() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            // Given
            RunId large = ledger.start();
            RunId small = ledger.start();
            connector.drainOnce(LIMIT);
            setBytesMax(stack.topics().events(), 10_000);

            // When
            for (int i = 0; i < 20; i++) {
                ledger.append(small, Integer.toString(i));
                ledger.append(large, i == 5 ? "\"" + "x".repeat(20_000) + "\"" : "0");
            }
            connector.drainOnce(LIMIT);

            // Then
            assertEquals(Health.State.RUNNING, connector.health().state());
            assertEquals("6 6 f", halted(large));
            assertEquals(21, seqsOf(small).size());
            assertEquals(6, liveSeqsOf(large).size());

            // When
            setBytesMax(stack.topics().events(), 2 << 20);
            resolve(large);
            ledger.append(large, "1");
            connector.drainOnce(LIMIT);

            // Then
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void resolve_ofARunThatIsNotHalted_saysSo() throws Exception {
        // Given
        RunId run = ledger.start();

        // When
        String answer = ledger.text("select outrun.resolve('%s')".formatted(run));

        // Then
        assertEquals("f", answer);
    }

    /** As the ledger's functions never would. */
    private void writeRow(RunId run, long seq, String tenant, String events) throws SQLException {
        ledger.execute(
                """
                with now as (select clock_timestamp() as at),
                     moved as (update outrun.run
                               set next_seq = greatest(next_seq, %2$d + 1) where id = '%1$s')
                insert into outrun.run_outbox
                    (run_id, first_seq, tenant, shard, attempt, events, appended_at, appended_us)
                select '%1$s', %2$d, '%3$s', shard, 0, '%4$s', at, extract(epoch from at) * 1000000
                from now, outrun.run where id = '%1$s'
                """
                        .formatted(run, seq, tenant, events));
    }

    private void resolve(RunId run) throws SQLException {
        assertEquals("t", ledger.text("select outrun.resolve('%s')".formatted(run)));
    }

    private String halted(RunId run) throws SQLException {
        return ledger.text(
                """
                select min(next_seq || ' ' || bad_seq || ' '
                           || case when resolved_at is null then 'f' else 't' end)
                from outrun.halted_run where run_id = '%s'
                """
                        .formatted(run));
    }

    private List<String> letters(RunId run) {
        try (KafkaConsumer<byte[], byte[]> consumer = Published.consumer(stack)) {
            return Published.readAll(consumer, stack.topics().deadLetters()).stream()
                    .filter(record -> new String(record.key(), UTF_8).equals(run.toString()))
                    .map(record ->
                            RecordHeaders.seq(record.headers())
                                    + " "
                                    + new String(record.value(), UTF_8))
                    .toList();
        }
    }

    private List<String> seqsOf(RunId run) {
        try (KafkaConsumer<byte[], byte[]> consumer = Published.consumer(stack)) {
            List<String> own =
                    seqs(Published.readAll(consumer, stack.topics().run(Tenant.DEFAULT, run)));
            assertEquals(own, liveSeqsOf(run), "the firehose of run " + run);
            return own;
        }
    }

    private List<String> liveSeqsOf(RunId run) {
        try (KafkaConsumer<byte[], byte[]> consumer = Published.consumer(stack)) {
            return seqs(
                    Published.readAll(consumer, stack.topics().events()).stream()
                            .filter(record ->
                                    new String(record.key(), UTF_8).equals(run.toString()))
                            .toList());
        }
    }

    private static List<String> seqs(List<ConsumerRecord<byte[], byte[]>> records) {
        return records.stream()
                .map(record -> RecordHeaders.text(record.headers(), RecordHeaders.SEQUENCE))
                .toList();
    }

    private void setBytesMax(String topic, int bytes)
            throws InterruptedException, ExecutionException {
        stack.configureTopic(topic, TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(bytes));
    }
}
