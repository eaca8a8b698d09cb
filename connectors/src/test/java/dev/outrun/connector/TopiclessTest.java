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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Runs without topics of their own, among runs that have them. */
@ExtendWith(TestStackExtension.class)
class TopiclessTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** Of every ten runs, which {@link Appends#start} puts into ten queues in turn. */
    private static final List<Integer> TOPICLESS = List.of(0, 3, 4, 9);

    private static final int RUNS = 10;

    private final TestStack stack;
    private final Appends ledger;
    private final List<RunId> runs = new ArrayList<>();

    TopiclessTest(TestStack stack) throws SQLException {
        this.stack = stack;
        this.ledger = new Appends(stack.dataSource());
    }

    @BeforeEach
    void startRuns() throws SQLException {
        Connectors.makeTopics(stack);
        for (int queue : TOPICLESS) {
            ledger.execute(
                    "select outrun.change_queue('q%d', '{\"run_topics\":\"none\"}')"
                            .formatted(queue));
        }
        for (int i = 0; i < RUNS; i++) {
            runs.add(ledger.start());
        }
    }

    @Test
    void topiclessRuns_areInTheFirehoseAlone() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            // When
            appendToAll("1");
            appendToAll("2");
            connector.drainOnce(LIMIT);

            // Then
            Published.assertIsTheLedger(stack);
            assertEquals(List.of(), audit());
        }
    }

    @Test
    void topiclessRuns_areNeitherLostNorDoubledByRestarts() throws Exception {
        for (int start = 0; start < 3; start++) {
            try (OutboxConnector connector = Connectors.start(stack)) {
                appendToAll(Integer.toString(start));
                connector.drainOnce(LIMIT);
            }
            appendToAll("\"meanwhile\"");
        }
        try (OutboxConnector connector = Connectors.start(stack)) {
            connector.drainOnce(LIMIT);
        }
        Published.assertIsTheLedger(stack);
    }

    @Test
    void topiclessRuns_areRefilledWhenTheSlotIsGone() throws Exception {
        // Given
        try (OutboxConnector connector = Connectors.start(stack)) {
            appendToAll("1");
            connector.drainOnce(LIMIT);
        }

        // When
        ledger.execute(RefillTest.DROP.formatted(stack.slot()));
        appendToAll("2");
        try (OutboxConnector connector = Connectors.start(stack)) {
            appendToAll("3");
            connector.drainOnce(LIMIT);

            // Then
            Published.assertIsTheLedger(stack);
            assertEquals(List.of(), audit());
        }
    }

    @Test
    void topiclessRun_thatIsRepaired_getsNoTopic() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            // Given
            appendToAll("1");
            connector.drainOnce(LIMIT);

            // When
            for (RunId run : runs) {
                ledger.execute("select outrun.repair('%s')".formatted(run));
            }
            connector.drainOnce(LIMIT);

            // Then
            Published.assertIsTheLedger(stack);
        }
    }

    private void appendToAll(String data) throws SQLException {
        for (RunId run : runs) {
            ledger.append(run, data);
        }
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
