package dev.outrun.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.devstack.EmbeddedPostgres;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Connectors that end at places which a position in the log does not tell apart: while transactions
 * are open that began before it, and between two rows of one log record.
 *
 * <p>On a Postgres of their own: whoever makes a slot waits for all open transactions of a server.
 *
 * <p>Both have cost Debezium events, before 3.7.0: it looked for the place to go on by the last
 * position it had stored.
 */
@ExtendWith(TestStackExtension.class)
class RestartTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private static final int RESTARTS = 6;

    /** Fewer than are in one of the log's records. */
    private static final int QUEUE_APPENDS = 10;

    private final EmbeddedPostgres postgres;
    private final TestStack stack;
    private final Appends ledger;

    RestartTest(TestStack shared, @TempDir Path directory) throws SQLException {
        this.postgres = EmbeddedPostgres.start(EmbeddedPostgres.Settings.throwaway(directory));
        this.stack = shared.on(postgres.address());
        this.ledger = new Appends(stack.dataSource());
    }

    @BeforeEach
    void makeTopics() {
        Connectors.makeTopics(stack);
    }

    @AfterEach
    void stop() {
        postgres.close();
    }

    @Test
    void connector_closedWhileTransactionsAreOpen_losesAndDoublesNothing() throws Exception {
        try (Interleaved writers = new Interleaved(stack.dataSource(), 1)) {
            // When: what is confirmed lies behind the beginning of what is open
            for (int i = 0; i < RESTARTS; i++) {
                try (OutboxConnector connector = Connectors.start(stack)) {
                    writers.commit(1 + i % 3);
                    connector.drainOnce(LIMIT);
                    writers.commit(1);
                    assertTrue(writers.open() > 0);
                }
            }
        }
        publishTheRest();

        // Then
        Published.assertIsTheLedger(stack);
    }

    @Test
    void connector_closedAfterAnyAppend_losesAndDoublesNothing() throws Exception {
        // When
        try (Interleaved writers = new Interleaved(stack.dataSource(), 2)) {
            for (int appends = 1; appends <= RESTARTS; appends++) {
                try (OutboxConnector connector = start()) {
                    connector.drainOnce(LIMIT);
                    connector.pause();
                    writers.commit(appends);
                    connector.step(appends, LIMIT);
                    writers.commit(1);
                }
            }
        }
        publishTheRest();

        // Then
        Published.assertIsTheLedger(stack);
    }

    @Test
    void connector_closedBetweenRowsOfOneLogRecord_losesAndDoublesNothing() throws Exception {
        // Given
        List<RunId> runs = List.of(ledger.start(), ledger.start(), ledger.start());

        // When
        for (int appends : List.of(1, 2, 7, 59, 60, 61)) {
            try (OutboxConnector connector = start()) {
                connector.drainOnce(LIMIT);
                connector.pause();
                copy(runs, 20);
                ledger.append(runs.getFirst(), "1");
                ledger.append(runs.getLast(), "2");
                connector.step(appends, LIMIT);
            }
        }
        publishTheRest();

        // Then
        Published.assertIsTheLedger(stack);
    }

    @Test
    void stream_lostBetweenRowsOfOneLogRecord_goesOnWithTheNextRow() throws Exception {
        // Given: a queue that is full before the record ends, so that the stream is in it
        List<RunId> runs = List.of(ledger.start(), ledger.start());
        try (OutboxConnector connector = start()) {
            for (int appends = 1; appends <= 8; appends++) {
                connector.drainOnce(LIMIT);
                connector.pause();
                copy(runs, 40);
                connector.step(appends, LIMIT);

                // When
                endReader();
                connector.resume();
            }
            connector.drainOnce(LIMIT);
        }

        // Then
        Published.assertIsTheLedger(stack);
    }

    @Test
    void connector_closedInsideOfATransactionThatIsSpilled_losesAndDoublesNothing()
            throws Exception {
        // Given
        ledger.execute(
                "alter database \"%s\" set logical_decoding_work_mem = '64kB'"
                        .formatted(stack.postgres().database()));
        List<RunId> runs = List.of(ledger.start(), ledger.start());
        RunId other = ledger.start();

        // When
        for (int appends : List.of(1, 500, 1_999, 2_003)) {
            try (OutboxConnector connector = start();
                    Connection large = ledger.open();
                    Statement statement = large.createStatement()) {
                connector.drainOnce(LIMIT);
                connector.pause();
                Appends.append(large, runs.getFirst(), "1");
                statement.execute("select pg_logical_emit_message(true, 'other', 'not ours')");
                statement.execute(copyOf(runs, 1_000));
                ledger.append(other, "1");
                statement.execute("select outrun.barrier('inside')");
                statement.execute("savepoint here");
                Appends.append(large, runs.getFirst(), "\"never\"");
                statement.execute("rollback to savepoint here");
                Appends.append(large, runs.getFirst(), "2");
                ledger.append(other, "2");
                large.commit();
                ledger.append(other, "3");
                connector.step(appends, LIMIT);
            }
        }
        publishTheRest();

        // Then
        Published.assertIsTheLedger(stack);
    }

    /** As when the server crashes just then, which has of its slots what it wrote to disk last. */
    @Test
    void slot_thatFallsBackBehindTheBackOfAStart_deliversNothingTwice() throws Exception {
        // Given
        List<RunId> runs = List.of(ledger.start(), ledger.start());
        String older = stack.slot() + "_older";
        try (OutboxConnector connector = Connectors.start(stack)) {
            connector.drainOnce(LIMIT);
            copySlot(stack.slot(), older);
            copy(runs, 20);
            connector.drainOnce(LIMIT);
        }
        FutureTask<OutboxConnector> starting = new FutureTask<>(() -> Connectors.start(stack));
        try (Connection held = ledger.open();
                Statement statement = held.createStatement()) {
            statement.execute("lock table outrun.halted_run");
            Thread.ofVirtual().start(starting);
            ledger.await(
                    "select count(*) > 0 from pg_locks"
                            + " where not granted and relation = 'outrun.halted_run'::regclass");

            // When: it has looked at the slot, and does not read from it yet
            dropSlot(stack.slot());
            copySlot(older, stack.slot());
            held.commit();
        }
        try (OutboxConnector connector = starting.get()) {
            ledger.append(runs.getFirst(), "1");
            connector.drainOnce(LIMIT);
        }
        dropSlot(older);

        // Then
        Published.assertIsTheLedger(stack);
    }

    private void copySlot(String from, String to) throws SQLException {
        ledger.execute("select pg_copy_logical_replication_slot('%s', '%s')".formatted(from, to));
    }

    private void dropSlot(String slot) throws SQLException {
        ledger.execute("select pg_drop_replication_slot('" + slot + "')");
    }

    @Test
    void slot_thatCannotBeMadeYet_isMadeWhenTheOpenTransactionsHaveEnded() throws Exception {
        // Given
        RunId run = ledger.start();
        try (Connection open = ledger.open()) {
            Appends.append(open, run, "1");

            // When: the server goes on making the slot of who has given up
            for (int i = 0; i < 2; i++) {
                OutrunException refused =
                        assertThrows(
                                OutrunException.class,
                                () -> start(QUEUE_APPENDS, Duration.ofSeconds(1)).close());
                assertEquals(ErrorCode.UNAVAILABLE, refused.code());
            }
            open.commit();
        }
        publishTheRest();

        // Then
        Published.assertIsTheLedger(stack);
    }

    @Test
    void copiedRows_areSeveralInOneLogRecord() throws Exception {
        // Given
        List<RunId> runs = List.of(ledger.start(), ledger.start());
        String slot = stack.slot() + "_look";
        ledger.execute("select pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
        try {
            // When
            copy(runs, 20);

            // Then
            assertTrue(
                    Integer.parseInt(
                                    ledger.text(
                                            """
                                            select count(distinct lsn)
                                            from pg_logical_slot_peek_binary_changes('%s', null, null,
                                                'proto_version', '1', 'publication_names', 'outrun')
                                            where get_byte(data, 0) = ascii('I')
                                            """
                                                    .formatted(slot)))
                            < 10);
        } finally {
            ledger.execute("select pg_drop_replication_slot('" + slot + "')");
        }
    }

    /** One whose queues are short, and which does not wait long for what it cannot publish. */
    private OutboxConnector start() throws InterruptedException {
        return start(QUEUE_APPENDS, Connectors.config(stack).timing().startLimit());
    }

    private OutboxConnector start(int queueAppends, Duration startLimit)
            throws InterruptedException {
        ConnectorConfig config = Connectors.config(stack);
        ConnectorConfig.RunTopicSettings runs = config.runTopics();
        ConnectorConfig.Timing timing = config.timing();
        return OutboxConnector.start(
                config.withRunTopics(
                                new ConnectorConfig.RunTopicSettings(
                                        runs.producers(),
                                        runs.producerTopics(),
                                        runs.rest(),
                                        runs.knownRuns(),
                                        queueAppends,
                                        runs.queueBytes()))
                        .withTiming(
                                new ConnectorConfig.Timing(
                                        timing.rest(),
                                        timing.checkpointEvery(),
                                        timing.heartbeatEvery(),
                                        startLimit,
                                        Duration.ofMillis(500))));
    }

    private void publishTheRest() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            connector.drainOnce(LIMIT);
        }
    }

    private void copy(List<RunId> runs, int rowsEach) throws SQLException {
        ledger.execute(copyOf(runs, rowsEach));
    }

    /**
     * Rows that no function writes, but a bulk load does: many of them are one record in the log.
     * So many to each of these runs, by way of a file on the server.
     */
    private String copyOf(List<RunId> runs, int rowsEach) {
        return """
        do $$
        declare
            runs uuid[] := '{%1$s}';
            n    int := %2$d;
            file text := current_setting('data_directory') || '/%3$s.copy';
            cols text := 'run_id, first_seq, tenant, shard, attempt, events, appended_at, appended_us';
        begin
            perform from outrun.run where id = any(runs) for no key update;
            execute format($copy$
                copy (
                    select id, next_seq + i, tenant, shard, attempt,
                           '[{"type":"test.copied","data":' || i || '}]',
                           now(), (extract(epoch from now()) * 1000000)::bigint
                    from outrun.run, generate_series(0, %%s - 1) i
                    where id = any(%%L) order by i, id
                ) to %%L $copy$, n, runs, file);
            update outrun.run set next_seq = next_seq + n where id = any(runs);
            execute format('copy outrun.run_outbox (%%s) from %%L', cols, file);
        end $$
        """
                .formatted(
                        runs.stream().map(RunId::toString).collect(Collectors.joining(",")),
                        rowsEach,
                        stack.slot());
    }

    private void endReader() throws SQLException {
        ledger.execute(
                """
                select pg_terminate_backend(active_pid, 10000)
                from pg_replication_slots where slot_name = '%s' and active
                """
                        .formatted(stack.slot()));
    }
}
