package dev.outrun.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.connector.ConnectorConfig.SourceSettings;
import dev.outrun.connector.ConnectorConfig.SourceSettings.Kind;
import dev.outrun.schema.error.ErrorCode;
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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A connector that reads the table instead of the log. */
@ExtendWith(TestStackExtension.class)
class PollingTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final SourceSettings POLLING = SourceSettings.of(Kind.POLLING, 1);

    private final TestStack stack;
    private final Appends ledger;

    PollingTest(TestStack stack) throws SQLException {
        this.stack = stack;
        this.ledger = new Appends(stack.dataSource());
    }

    @BeforeEach
    void makeTopics() {
        Connectors.makeTopics(stack);
    }

    @Test
    void commitsInAnotherOrderThanTheyBegan_areAllPublished() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack, POLLING)) {
            // Given: of five transactions the first to append is the last to commit
            List<Connection> open = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                Connection connection = ledger.open();
                open.add(connection);
                RunId run = ledger.start(connection, Tenant.DEFAULT);
                Appends.append(connection, run, Integer.toString(i));
            }
            RunId quick = ledger.start();

            // When
            for (Connection connection : open.reversed()) {
                ledger.append(quick, "0");
                connector.drainOnce(LIMIT);
                connection.commit();
                connection.close();
            }
            connector.drainOnce(LIMIT);

            // Then
            Published.assertIsTheLedger(stack);
            assertEquals(
                    "0", ledger.text("select count(*) from outrun.run_event where not published"));
        }
    }

    @Test
    void transactionRolledBack_isNotPublished() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack, POLLING)) {
            // Given
            RunId run = ledger.start();

            // When
            try (Connection connection = ledger.open()) {
                Appends.append(connection, run, "1");
                connector.drainOnce(LIMIT);
                connection.rollback();
            }
            ledger.append(run, "2");
            connector.drainOnce(LIMIT);

            // Then
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void kindOfSource_changedBetweenStarts() throws Exception {
        RunId run = ledger.start();
        List<SourceSettings> sources =
                List.of(
                        POLLING,
                        SourceSettings.DEFAULT,
                        SourceSettings.of(Kind.POLLING, 2),
                        POLLING);
        for (SourceSettings source : sources) {
            // Given
            ledger.append(run, "1");
            ledger.append(ledger.start(), "1");

            // When
            try (OutboxConnector connector = Connectors.start(stack, source)) {
                ledger.append(run, "2");
                connector.drainOnce(LIMIT);
                ledger.append(run, "3");
            }

            // Then
            Published.assertIsTheLedger(stack);
        }
        assertEquals(
                "0",
                ledger.text(
                        "select count(*) from pg_replication_slots"
                                + " where database = current_database()"));
    }

    @Test
    void connection_lostWhileOthersAppend() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack, POLLING)) {
            RunId run = ledger.start();
            for (int i = 0; i < 5; i++) {
                // When
                ledger.append(run, "1");
                ledger.execute(
                        """
                        select pg_terminate_backend(pid, 10000) from pg_stat_activity
                        where datname = current_database() and pid <> pg_backend_pid()
                          and application_name = 'outrun-connector'
                        """);
                ledger.append(run, "2");
                drain(connector);
            }

            // Then
            assertEquals(Health.State.RUNNING, connector.health().state());
            Published.assertIsTheLedger(stack);
        }
    }

    /** The connection for short questions may be one of those that were lost. */
    private static void drain(OutboxConnector connector) throws Exception {
        try {
            connector.drainOnce(LIMIT);
        } catch (OutrunException e) {
            assertEquals(ErrorCode.UNAVAILABLE, e.code());
            connector.drainOnce(LIMIT);
        }
    }

    @Test
    void haltedRun_isResolved() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack, POLLING)) {
            // Given: a hole
            RunId run = ledger.start();
            ledger.execute("update outrun.run set next_seq = 2 where id = '%s'".formatted(run));
            ledger.append(run, "2");
            connector.drainOnce(LIMIT);
            String halted = ledger.text("select count(*) from outrun.halted_run");

            // When
            ledger.execute(
                    "update outrun.run_outbox set first_seq = 1"
                            + " where run_id = '%s' and first_seq = 2".formatted(run));
            ledger.execute("select outrun.resolve('%s')".formatted(run));
            connector.drainOnce(LIMIT);

            // Then
            assertEquals("1", halted);
            assertEquals("0", ledger.text("select count(*) from outrun.halted_run"));
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void second_standsByAndTakesOver() throws Exception {
        OutboxConnector first = Connectors.start(stack, POLLING);
        try (OutboxConnector second = Connectors.start(stack, POLLING)) {
            // Given
            RunId run = ledger.start();
            first.drainOnce(LIMIT);
            Health.State waiting = second.health().state();

            // When
            first.close();
            ledger.append(run, "1");
            second.drainOnce(LIMIT);

            // Then
            assertEquals(Health.State.STANDBY, waiting);
            Published.assertIsTheLedger(stack);
        } finally {
            first.close();
        }
    }

    @Test
    void lease_takenByAnother_endsTheFirstUntilItIsFreeAgain() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack, POLLING)) {
            RunId run = ledger.start();
            for (int i = 0; i < 3; i++) {
                // When
                ledger.execute(
                        "update outrun.lease set epoch = epoch + 1, holder = 'another',"
                                + " until = clock_timestamp() + interval '1 second'");
                ledger.append(run, Integer.toString(i));
                connector.drainOnce(LIMIT);
            }

            // Then
            Published.assertIsTheLedger(stack);
        }
    }
}
