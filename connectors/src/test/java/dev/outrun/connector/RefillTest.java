package dev.outrun.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.devstack.EmbeddedPostgres;
import dev.outrun.schema.run.RunId;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Slots that cannot deliver what the topics lack. */
@ExtendWith(TestStackExtension.class)
class RefillTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** Takes the slot from its reader, as often as it is needed, and drops it. */
    static final String DROP =
            """
            do $$ begin
                loop
                    perform pg_terminate_backend(active_pid, 10000)
                    from pg_replication_slots where slot_name = '%1$s' and active;
                    begin
                        perform pg_drop_replication_slot('%1$s');
                        return;
                    exception when object_in_use then -- it was back sooner
                    end;
                end loop;
            end $$
            """;

    private final TestStack stack;
    private final Appends ledger;

    RefillTest(TestStack stack) throws SQLException {
        this.stack = stack;
        this.ledger = new Appends(stack.dataSource());
    }

    @BeforeEach
    void makeTopics() {
        Connectors.makeTopics(stack);
    }

    @Test
    void history_beforeTheFirstStart_isPublished() throws Exception {
        // Given
        List<RunId> runs = List.of(ledger.start(), ledger.start(), ledger.start());
        for (int i = 0; i < 30; i++) {
            ledger.execute(
                    """
                    do $$ begin
                        for i in 1..50 loop
                            perform outrun.append('%s', null, '[{"type":"a"},{"type":"b"}]');
                        end loop;
                    end $$
                    """
                            .formatted(runs.get(i % runs.size())));
        }

        // When
        try (OutboxConnector connector = Connectors.start(stack)) {
            ledger.append(runs.getLast(), "\"live\"");
            connector.drainOnce(LIMIT);
        }

        // Then
        Published.assertIsTheLedger(stack);
    }

    @Test
    void slot_droppedBetweenTwoStarts_isRefilledFrom() throws Exception {
        // Given: all is published, half of it is behind the watermark
        List<RunId> runs = List.of(ledger.start(), ledger.start());
        try (OutboxConnector connector = Connectors.start(stack)) {
            connector.drainOnce(LIMIT);
            ledger.append(runs.getFirst(), "1");
            ledger.append(runs.getLast(), "1");
        }
        ledger.execute(DROP.formatted(stack.slot()));
        ledger.append(runs.getFirst(), "2");

        // When
        try (OutboxConnector connector = Connectors.start(stack)) {
            ledger.append(runs.getLast(), "2");
            connector.drainOnce(LIMIT);
        }

        // Then
        Published.assertIsTheLedger(stack);
    }

    @Test
    void slotAndWatermark_gone_areRefilledFromTheWholeTable() throws Exception {
        // Given
        RunId run = ledger.start();
        try (OutboxConnector connector = Connectors.start(stack)) {
            ledger.append(run, "1");
            connector.drainOnce(LIMIT);
        }
        ledger.execute(DROP.formatted(stack.slot()));
        ledger.execute("delete from outrun.watermark");
        ledger.append(run, "2");

        // When
        try (OutboxConnector connector = Connectors.start(stack)) {
            connector.drainOnce(LIMIT);
        }

        // Then
        Published.assertIsTheLedger(stack);
    }

    @Test
    void slot_movedPastTheCheckpoint_isRefilledFrom() throws Exception {
        // Given: somebody advances the slot over an append
        RunId run = ledger.start();
        try (OutboxConnector connector = Connectors.start(stack)) {
            connector.drainOnce(LIMIT);
        }
        ledger.append(run, "1");
        ledger.execute(
                "select pg_replication_slot_advance('"
                        + stack.slot()
                        + "', pg_current_wal_insert_lsn())");

        // When
        try (OutboxConnector connector = Connectors.start(stack)) {
            ledger.append(run, "2");
            connector.drainOnce(LIMIT);
        }

        // Then
        Published.assertIsTheLedger(stack);
    }

    @Test
    void slot_droppedWhileEventsAreWritten_isMadeAnew() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack)) {
            // Given
            List<RunId> runs = List.of(ledger.start(), ledger.start(), ledger.start());
            AtomicBoolean enough = new AtomicBoolean();
            CompletableFuture<Void> written = new CompletableFuture<>();
            Thread writer = Thread.ofVirtual().start(() -> write(runs, enough, written));

            // When
            for (int i = 0; i < 3; i++) {
                connector.drainOnce(LIMIT);
                ledger.execute(DROP.formatted(stack.slot()));
            }
            connector.drainOnce(LIMIT);
            enough.set(true);
            writer.join();
            written.get();
            connector.drainOnce(LIMIT);

            // Then
            assertEquals(Health.State.RUNNING, connector.health().state());
            Published.assertIsTheLedger(stack);
        }
    }

    @Test
    void slot_invalidatedByTheServer_isMadeAnew(@TempDir Path directory) throws Exception {
        try (EmbeddedPostgres postgres =
                EmbeddedPostgres.start(EmbeddedPostgres.Settings.throwaway(directory))) {
            // Given
            TestStack own = stack.on(postgres.address());
            Appends appends = new Appends(own.dataSource());
            RunId run = appends.start();
            try (OutboxConnector connector = Connectors.start(own)) {
                connector.drainOnce(LIMIT);
                appends.append(run, "1");
            }
            appends.append(run, "2");
            appends.execute("alter system set max_slot_wal_keep_size = '1MB'");
            appends.execute("select pg_reload_conf()");
            appends.execute(
                    "select pg_logical_emit_message(false, 'filler', repeat('x', 1000000))"
                            + " from generate_series(1, 40)");
            appends.execute("checkpoint");
            assertEquals(
                    "lost",
                    appends.text(
                            "select wal_status from pg_replication_slots where slot_name = '"
                                    + own.slot()
                                    + "'"));

            // When
            try (OutboxConnector connector = Connectors.start(own)) {
                appends.append(run, "3");
                connector.drainOnce(LIMIT);
            }

            // Then
            Published.assertIsTheLedger(own);
        }
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
}
