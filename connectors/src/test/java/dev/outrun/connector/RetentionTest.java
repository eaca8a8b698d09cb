package dev.outrun.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.connector.audit.AuditScope;
import dev.outrun.connector.audit.Auditor;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a connector does when a day of the table goes that it has published. */
@ExtendWith(TestStackExtension.class)
class RetentionTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** As if today were long over: the time for which runs are kept ends tomorrow. */
    private static final String DROP_TODAY =
            """
            select outrun.drop_outbox_day(interval '-1 day')
                = (select min((created_at at time zone 'UTC')::date) from outrun.run)
            """;

    private final TestStack stack;
    private final Appends ledger;

    RetentionTest(TestStack stack) throws SQLException {
        this.stack = stack;
        this.ledger = new Appends(stack.dataSource());
    }

    @BeforeEach
    void giveSomeRunsNoTopics() throws SQLException {
        Connectors.makeTopics(stack);
        ledger.execute("select outrun.change_queue('q0', '{\"run_topics\":\"none\"}')");
    }

    @Test
    void day_thatIsDroppedWhileTheConnectorRuns_isNeitherMissedNorPublishedAgain()
            throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            // Given
            ended(ledger.start());
            ended(ledger.start());
            connector.drainOnce(LIMIT);

            // When
            ledger.await(DROP_TODAY);
            RunId next = ledger.start();
            ledger.append(next, "1");
            connector.drainOnce(LIMIT);

            // Then
            assertEquals(List.of(), audit());
        }
    }

    @Test
    void connector_thatStartsBeforeTheDroppedDay_goesOn() throws Exception {
        // Given: a slot that stays behind, as after a crash of the server
        RunId topicless;
        try (OutboxConnector connector = Connectors.start(stack)) {
            ledger.execute(
                    "select pg_copy_logical_replication_slot('%1$s', '%1$s_behind')"
                            .formatted(stack.slot()));
            topicless = ledger.start();
            ended(topicless);
            ended(ledger.start());
            connector.drainOnce(LIMIT);
            ledger.await(DROP_TODAY);
        }
        ledger.execute(RefillTest.DROP.formatted(stack.slot()));
        ledger.execute(
                "select pg_copy_logical_replication_slot('%1$s_behind', '%1$s')"
                        .formatted(stack.slot()));
        ledger.execute(RefillTest.DROP.formatted(stack.slot() + "_behind"));

        // When
        try (OutboxConnector connector = Connectors.start(stack)) {
            ledger.append(ledger.start(), "1");
            connector.drainOnce(LIMIT);

            // Then
            assertEquals(List.of(), audit());
        }
    }

    @Test
    void slot_thatIsLostAfterwards_isRefilledFromWhatIsKept() throws Exception {
        // Given
        try (OutboxConnector connector = Connectors.start(stack)) {
            ended(ledger.start());
            ended(ledger.start());
            connector.drainOnce(LIMIT);
            ledger.await(DROP_TODAY);
        }

        // When
        ledger.execute(RefillTest.DROP.formatted(stack.slot()));
        RunId next = ledger.start();
        ledger.append(next, "1");
        try (OutboxConnector connector = Connectors.start(stack)) {
            connector.drainOnce(LIMIT);

            // Then
            assertEquals(List.of(), audit());
        }
    }

    /** Ends a run, and gives its topic up as the reaper does. */
    private void ended(RunId run) throws SQLException {
        ledger.execute(
                """
                select outrun.claim('%1$s', 1, 'w@1');
                select outrun.complete('%1$s', 1, 'null');
                update outrun.run set topic_deleted_at = now()
                where id = '%1$s' and topicless is null
                """
                        .formatted(run));
    }

    private List<?> audit() throws Exception {
        return Auditor.audit(
                        stack.postgres(),
                        new KafkaAddress(stack.bootstrapServers(), Map.of()),
                        stack.topics(),
                        stack.slot(),
                        LIMIT,
                        AuditScope.ALL)
                .differences();
    }
}
