package dev.outrun.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.connector.ConnectorConfig.SourceSettings;
import dev.outrun.connector.ConnectorConfig.SourceSettings.Kind;
import dev.outrun.schema.run.RunId;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** An outbox that is split over several slots. */
@ExtendWith(TestStackExtension.class)
class SlotsTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final TestStack stack;
    private final Appends ledger;
    private final List<RunId> runs = new ArrayList<>();

    SlotsTest(TestStack stack) throws SQLException {
        this.stack = stack;
        this.ledger = new Appends(stack.dataSource());
    }

    @BeforeEach
    void makeTopics() {
        Connectors.makeTopics(stack);
    }

    @Test
    void eachSlot_publishesItsShards() throws Exception {
        try (OutboxConnector connector = start(2)) {
            // When
            appendToAll();
            connector.drainOnce(LIMIT);
            appendToAll();
            connector.drainOnce(LIMIT);

            // Then
            assertEquals(Health.State.RUNNING, connector.health().state());
            assertEquals("0_of_2 t, 1_of_2 t", slots());
            Published.assertIsTheLedger(stack);
            assertEquals("0", unpublished());
        }
        try (OutboxConnector connector = start(2)) {
            // When: started again
            appendToAll();
            connector.drainOnce(LIMIT);

            // Then
            Published.assertIsTheLedger(stack);
        }
        assertEquals("0_of_2 f, 1_of_2 f", slots());
    }

    @Test
    void slots_areSharedByProcesses() throws Exception {
        try (OutboxConnector first = start(2, 0);
                OutboxConnector second = start(2, 1)) {
            // When
            appendToAll();
            first.drainOnce(LIMIT);
            second.drainOnce(LIMIT);

            // Then
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void secondProcess_standsByForTheSlotsOfTheFirst() throws Exception {
        OutboxConnector first = start(2, 0);
        try (OutboxConnector second = start(2)) {
            // Given
            appendToAll();
            first.drainOnce(LIMIT);

            // When
            first.close();
            appendToAll();
            second.drainOnce(LIMIT);

            // Then
            assertEquals(Health.State.RUNNING, second.health().state());
            Published.assertIsTheLedger(stack);
        } finally {
            first.close();
        }
    }

    /** There are two shards: of three slots one has nothing to do. */
    @Test
    void number_changedBetweenStarts() throws Exception {
        for (int count : List.of(1, 3, 2)) {
            // Given: some of it appended while nobody listens
            appendToAll();

            // When
            try (OutboxConnector connector = start(count)) {
                appendToAll();
                connector.drainOnce(LIMIT);
                appendToAll();
            }

            // Then
            Published.assertIsTheLedger(stack);
        }
        assertEquals("0_of_2 f, 1_of_2 f", slots());
    }

    @Test
    void number_changedWhileTheOldOnePublishes_standsBy() throws Exception {
        OutboxConnector whole = start(1);
        try (OutboxConnector split = start(2)) {
            // Given
            appendToAll();
            whole.drainOnce(LIMIT);
            Health.State waiting = split.health().state();

            // When
            whole.close();
            appendToAll();
            split.drainOnce(LIMIT);

            // Then
            assertEquals(Health.State.STANDBY, waiting);
            assertEquals(Health.State.RUNNING, split.health().state());
            Published.assertIsTheLedger(stack);
        } finally {
            whole.close();
        }
    }

    @Test
    void haltedRun_isResolvedByItsOwnSlotOnly() throws Exception {
        try (OutboxConnector connector = start(2)) {
            // Given: a row in the way of each run
            appendToAll();
            for (RunId run : runs) {
                ledger.execute("update outrun.run set next_seq = 3 where id = '%s'".formatted(run));
                ledger.append(run, "3");
            }
            connector.drainOnce(LIMIT);
            String halted = ledger.text("select count(*) from outrun.halted_run");

            // When
            for (RunId run : runs) {
                ledger.execute(
                        "insert into outrun.run_outbox select run_id, 2, tenant, shard, attempt,"
                                + " events, appended_at, appended_us from outrun.run_outbox"
                                + " where run_id = '%s' and first_seq = 3".formatted(run));
                ledger.execute("select outrun.resolve('%s')".formatted(run));
            }
            connector.drainOnce(LIMIT);

            // Then
            assertEquals(Integer.toString(runs.size()), halted);
            assertEquals("0", ledger.text("select count(*) from outrun.halted_run"));
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void resolvedWhileNobodyListened_isPublishedByItsOwnSlotOnly() throws Exception {
        // Given
        try (OutboxConnector connector = start(2)) {
            appendToAll();
            for (RunId run : runs) {
                ledger.execute("update outrun.run set next_seq = 3 where id = '%s'".formatted(run));
                ledger.append(run, "3");
            }
            connector.drainOnce(LIMIT);
        }

        // When
        for (RunId run : runs) {
            ledger.execute(
                    "update outrun.run_outbox set first_seq = 2 where run_id = '%s' and first_seq = 3"
                            .formatted(run));
            ledger.execute("select outrun.resolve('%s')".formatted(run));
        }

        // Then
        try (OutboxConnector connector = start(3)) {
            connector.drainOnce(LIMIT);
            assertEquals("0", ledger.text("select count(*) from outrun.halted_run"));
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void steps_areRefused() throws Exception {
        try (OutboxConnector connector = start(2)) {
            connector.pause();

            assertThrows(IllegalStateException.class, () -> connector.step(1, LIMIT));
        }
    }

    private OutboxConnector start(int count, Integer... own) throws InterruptedException {
        SourceSettings all = SourceSettings.of(Kind.REPLICATION, count);
        return Connectors.start(
                stack, new SourceSettings(all.kind(), count, Set.of(own), all.pollEvery()));
    }

    /** One event each, to ten runs that are spread over the shards. */
    private void appendToAll() throws SQLException {
        while (runs.size() < 10) {
            runs.add(ledger.start());
        }
        for (RunId run : runs) {
            ledger.append(run, "1");
        }
    }

    private String unpublished() throws SQLException {
        return ledger.text("select count(*) from outrun.run_event where not published");
    }

    /** The rest of each slot's name, and whether somebody reads from it. */
    private String slots() throws SQLException {
        return ledger.text(
                """
                select string_agg(substr(slot_name, %d) || ' ' || left(active::text, 1), ', '
                                  order by slot_name)
                from pg_replication_slots where database = current_database()
                """
                        .formatted(stack.slot().length() + 2));
    }
}
