package dev.outrun.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.schema.run.RunId;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
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
}
