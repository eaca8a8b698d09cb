package dev.outrun.connector.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.connector.ConnectorConfig;
import dev.outrun.connector.Health;
import dev.outrun.connector.OutboxConnector;
import dev.outrun.connector.audit.AuditScope;
import dev.outrun.connector.audit.Auditor;
import dev.outrun.connector.audit.Difference;
import dev.outrun.devstack.LoopbackPorts;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.teststack.TestStack;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** A Postgres is killed for good, and its physical standby is promoted. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
final class FailoverTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int EVENTS = 3_000;

    /** A commit waits until the standby has it, and so does a failover slot's reader. */
    private static final List<String> SYNCHRONOUS =
            List.of(
                    "alter system set synchronous_standby_names = '*'",
                    "alter system set synchronized_standby_slots = '" + Standby.NAME + "'",
                    "select pg_reload_conf()");

    private static final String APPEND_EACH =
            "select outrun.append(id, null, '[{\"type\":\"a\"},{\"type\":\"b\"}]')"
                    + " from outrun.run order by id";

    @Test
    void slot_thatTheStandbyHas_isGoneOnWith(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path folder)
            throws Exception {
        try (FaultStack stack = FaultStack.start(folder)) {
            // Given
            TestStack own = stack.make("failover");
            execute(own, "select outrun.register_handlers(array['test'])");
            publish(own);
            makeFailoverSlot(own);
            try (Standby standby = standby(stack, folder, true)) {
                for (String setting : SYNCHRONOUS) {
                    execute(own, setting);
                }
                TestStack promoted = on(standby, own);
                Writers writers;
                try (OutboxConnector first = connector(own)) {
                    writers = new Writers(() -> toPrimary(own, promoted), 1);
                    standby.awaitSlot(own.slot());
                    write(writers);

                    // When
                    stack.postgres().killForGood();
                    standby.promote();
                    assertNotNull(first.health());
                }
                try (OutboxConnector second = connector(promoted)) {
                    write(writers);
                    writers.stop(LIMIT);
                    second.drainOnce(LIMIT);

                    // Then
                    assertEquals(Health.State.RUNNING, second.health().state());
                    assertNull(writers.trouble());
                    assertEquals(List.of(), differences(promoted, stack));
                    Map<RunId, Long> ends = ends(promoted);
                    writers.acknowledged()
                            .forEach((run, end) ->
                                    assertTrue(
                                            ends.getOrDefault(run, 0L) >= end,
                                            () -> "a commit was lost: run " + run));
                } finally {
                    writers.close();
                }
            }
        }
    }

    @Test
    void slot_thatTheStandbyHasNot_isMadeAnewAndRefilled(
            @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path folder) throws Exception {
        try (FaultStack stack = FaultStack.start(folder)) {
            // Given: some of it is published, some not
            TestStack own = stack.make("failover");
            startRuns(own);
            try (Standby standby = standby(stack, folder, false)) {
                execute(own, SYNCHRONOUS.getFirst());
                execute(own, SYNCHRONOUS.getLast());
                try (OutboxConnector connector = connector(own)) {
                    execute(own, APPEND_EACH);
                    connector.drainOnce(LIMIT);
                }
                execute(own, APPEND_EACH);

                // When
                stack.postgres().killForGood();
                standby.promote();
                TestStack promoted = on(standby, own);
                try (OutboxConnector connector = connector(promoted)) {
                    execute(promoted, APPEND_EACH);
                    connector.drainOnce(LIMIT);

                    // Then
                    assertEquals(List.of(), differences(promoted, stack));
                }
            }
        }
    }

    @Test
    void standby_thatLacksWhatIsPublished_haltsTheConnector(
            @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path folder) throws Exception {
        try (FaultStack stack = FaultStack.start(folder)) {
            // Given: a standby that was behind
            TestStack own = stack.make("failover");
            startRuns(own);
            try (Standby standby = standby(stack, folder, false)) {
                execute(own, SYNCHRONOUS.getFirst());
                execute(own, SYNCHRONOUS.getLast());
                publish(own);
                execute(own, "alter system reset synchronous_standby_names");
                execute(own, "select pg_reload_conf()");
                standby.stop();
                execute(own, APPEND_EACH);
                publish(own);
                stack.postgres().killForGood();

                // When: its own log is longer by now than the one that is lost
                standby.startAgain();
                standby.promote();
                TestStack promoted = on(standby, own);
                execute(promoted, APPEND_EACH);
                execute(
                        promoted,
                        "select pg_logical_emit_message(false, 'filler', repeat('x', 1000000))"
                                + " from generate_series(1, 20)");
                OutrunException refused =
                        assertThrows(OutrunException.class, () -> connector(promoted).close());

                // Then
                assertEquals(ErrorCode.INTERNAL, refused.code());
                assertTrue(
                        String.valueOf(refused.getMessage()).contains("lacks what was published"),
                        refused.getMessage());
            }
        }
    }

    private static Standby standby(FaultStack stack, Path folder, boolean slots) throws Exception {
        return Standby.of(
                stack.postgres(),
                folder.resolve("standby"),
                LoopbackPorts.free(1).getFirst(),
                slots);
    }

    private static void startRuns(TestStack own) throws SQLException {
        execute(own, "select outrun.register_handlers(array['test'])");
        execute(
                own,
                "select outrun.start_run('test', queue => 'q' || i % 10)"
                        + " from generate_series(1, 20) i");
    }

    /** Publishes what there is; the slot exists afterwards. */
    private static void publish(TestStack own) throws Exception {
        try (OutboxConnector connector = connector(own)) {
            connector.drainOnce(LIMIT);
        }
    }

    private static OutboxConnector connector(TestStack own) throws InterruptedException {
        return OutboxConnector.start(
                ConnectorConfig.of(
                        own.postgres(), own.bootstrapServers(), own.topics(), own.slot()));
    }

    private static void makeFailoverSlot(TestStack own) throws SQLException {
        Properties options = new Properties();
        options.setProperty("user", own.postgres().user());
        options.setProperty("password", own.postgres().password());
        options.setProperty("replication", "database");
        options.setProperty("preferQueryMode", "simple");
        options.setProperty("assumeMinServerVersion", "15");
        try (Connection connection =
                        DriverManager.getConnection(own.postgres().jdbcUrl(), options);
                Statement statement = connection.createStatement()) {
            statement.execute(
                    "ALTER_REPLICATION_SLOT \"%s\" (FAILOVER true)".formatted(own.slot()));
        }
    }

    private static void write(Writers writers) throws InterruptedException {
        int written = writers.awaitWritten(EVENTS, LIMIT);
        assertTrue(written >= EVENTS, () -> written + " events in " + LIMIT);
    }

    private static TestStack on(Standby standby, TestStack own) {
        PostgresAddress address = standby.address(own.postgres());
        return new TestStack(
                address, own.dataSource(), own.bootstrapServers(), own.topics(), own.slot());
    }

    /** As applications do that know both. */
    private static Connection toPrimary(TestStack one, TestStack other) throws SQLException {
        PostgresAddress address = one.postgres();
        return DriverManager.getConnection(
                "jdbc:postgresql://%s:%d,%s:%d/%s?targetServerType=primary&connectTimeout=5"
                        .formatted(
                                address.host(),
                                address.port(),
                                other.postgres().host(),
                                other.postgres().port(),
                                address.database()),
                address.user(),
                address.password());
    }

    private static Map<RunId, Long> ends(TestStack own) throws SQLException {
        Map<RunId, Long> ends = new HashMap<>();
        try (Connection connection = connect(own);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select id, next_seq from outrun.run")) {
            while (row.next()) {
                ends.put(new RunId(row.getObject(1, UUID.class)), row.getLong(2));
            }
        }
        return ends;
    }

    private static List<Difference> differences(TestStack own, FaultStack stack)
            throws InterruptedException {
        return Auditor.audit(
                        own.postgres(),
                        stack.kafka(),
                        own.topics(),
                        own.slot(),
                        LIMIT,
                        AuditScope.ALL)
                .differences();
    }

    private static void execute(TestStack own, String sql) throws SQLException {
        try (Connection connection = connect(own);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static Connection connect(TestStack own) throws SQLException {
        PostgresAddress address = own.postgres();
        return DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
    }
}
