package dev.outrun.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.connector.source.ControlConnection;
import dev.outrun.connector.source.ReplicationSlot;
import dev.outrun.connector.source.SlotCare;
import dev.outrun.connector.source.SlotHealth;
import dev.outrun.connector.source.SlotHealth.WalStatus;
import dev.outrun.connector.source.Split;
import dev.outrun.devstack.EmbeddedPostgres;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(TestStackExtension.class)
class SlotCareTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final long GIBIBYTE = 1L << 30;
    private static final String FAILOVER =
            "select to_jsonb(s) ->> 'failover' from pg_replication_slots s where slot_name = '%s'";

    private final TestStack stack;

    SlotCareTest(TestStack stack) {
        this.stack = stack;
    }

    @BeforeEach
    void makeTopics() {
        Connectors.makeTopics(stack);
    }

    @Test
    void slot_inUse_isWell() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack);
                ControlConnection control = new ControlConnection(stack.postgres());
                SlotCare care = care(stack, control, GIBIBYTE)) {
            // Given
            connector.drainOnce(LIMIT);

            // When
            care.look();

            // Then
            SlotHealth health = care.last();
            assertNotNull(health);
            assertTrue(health.active());
            assertTrue(health.failover());
            assertFalse(health.isLost());
            assertNull(health.safeBytes());
            assertTrue(health.retainedBytes() >= health.lagBytes());
            assertEquals(Optional.empty(), care.problem());
            assertEquals(Optional.empty(), connector.slotProblem());
        }
    }

    @Test
    void slot_thatIsNotThere_isNoProblemYet() throws Exception {
        try (ControlConnection control = new ControlConnection(stack.postgres());
                SlotCare care = care(stack, control, GIBIBYTE)) {
            // When
            care.look();

            // Then
            assertNull(care.last());
            assertEquals(Optional.empty(), care.problem());
        }
    }

    @Test
    void slot_nobodyReadsFrom_fallsBehindAndIsLost(@TempDir Path directory) throws Exception {
        try (EmbeddedPostgres postgres =
                        EmbeddedPostgres.start(EmbeddedPostgres.Settings.throwaway(directory));
                ControlConnection control = new ControlConnection(postgres.address())) {
            // Given
            TestStack own = stack.on(postgres.address());
            Appends database = new Appends(own.dataSource());
            try (OutboxConnector connector = Connectors.start(own)) {
                connector.drainOnce(LIMIT);
            }
            SlotCare care = care(own, control, 10 << 20);

            // When
            writeLog(database);
            care.look();

            // Then
            assertEquals(WalStatus.RESERVED, statusOf(care));
            assertTrue(care.problem().orElseThrow().contains("bytes behind, more than 10485760"));

            // When
            database.execute("alter system set max_slot_wal_keep_size = '1MB'");
            database.execute("select pg_reload_conf()");
            writeLog(database);
            care.look();

            // Then
            assertEquals(WalStatus.UNRESERVED, statusOf(care));

            // When
            database.execute("checkpoint");
            care.look();

            // Then
            assertEquals(WalStatus.LOST, statusOf(care));
            assertEquals(
                    Optional.of("slot " + own.slot() + " is invalidated: wal_removed"),
                    care.problem());
        }
    }

    @Test
    void slot_madeWithoutFailover_hasItAfterTheNextStart() throws Exception {
        // Given
        Appends database = new Appends(stack.dataSource());
        try (OutboxConnector connector = OutboxConnector.start(config(/* failover= */ false))) {
            connector.drainOnce(LIMIT);
        }
        String before = database.text(FAILOVER.formatted(stack.slot()));

        // When
        try (OutboxConnector connector = OutboxConnector.start(config(/* failover= */ true))) {
            database.append(database.start(), "1");
            connector.drainOnce(LIMIT);

            // Then
            assertEquals("false", before);
            assertEquals("true", database.text(FAILOVER.formatted(stack.slot())));
            Published.assertIsTheLedger(stack);
        }
    }

    private ConnectorConfig config(boolean failover) {
        ConnectorConfig usual = Connectors.config(stack);
        ConnectorConfig.SlotSettings settings = usual.slotSettings();
        return usual.withSlotSettings(
                new ConnectorConfig.SlotSettings(
                        failover, settings.lookEvery(), settings.lagBytesMax()));
    }

    private static SlotCare care(TestStack stack, ControlConnection control, long lagBytesMax) {
        return new SlotCare(
                new ReplicationSlot(stack.postgres(), control, new Split(stack.slot(), 0, 1)),
                stack.slot(),
                Duration.ofHours(1),
                lagBytesMax);
    }

    private static WalStatus statusOf(SlotCare care) {
        SlotHealth health = care.last();
        assertNotNull(health);
        return health.walStatus();
    }

    private static void writeLog(Appends database) throws SQLException {
        database.execute(
                "select pg_logical_emit_message(false, 'filler', repeat('x', 1000000))"
                        + " from generate_series(1, 40)");
    }
}
