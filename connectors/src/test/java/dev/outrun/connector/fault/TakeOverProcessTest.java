package dev.outrun.connector.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.connector.ConnectorConfig;
import dev.outrun.connector.ConnectorProcess;
import dev.outrun.connector.OutboxConnector;
import dev.outrun.connector.audit.AuditReport;
import dev.outrun.connector.audit.AuditScope;
import dev.outrun.connector.audit.Auditor;
import dev.outrun.connector.audit.Difference;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.process.JavaServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connector takes over from another process that was killed, or only frozen. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
final class TakeOverProcessTest {

    private static final Logger LOG = LoggerFactory.getLogger(TakeOverProcessTest.class);

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int RUNS = 20;

    private static final int EVENTS_PER_APPEND = 2;
    private static final int LANES = 2;

    private static final int SMALL = 10;

    /** Twenty of them are more than a batch of either lane, hence more than one request takes. */
    private static final int LARGE = 8 << 10;

    @Test
    void killed_isTakenOverFrom(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path folder)
            throws Exception {
        try (FaultStack stack = FaultStack.start(folder)) {
            // Given
            TestStack own = stack.make("killed");
            try (JavaServer first = connector(own, folder)) {
                first.awaitReady(LIMIT);
                startRuns(own);
                append(own, 10, SMALL);
                try (OutboxConnector second = OutboxConnector.start(config(own))) {

                    // When
                    long begin = System.nanoTime();
                    first.killForGood();
                    append(own, 1, SMALL);
                    second.drainOnce(LIMIT);
                    LOG.info(
                            "taken over millis={}",
                            TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));

                    // Then
                    assertEquals(List.of(), audit(own, stack).differences());
                }
            }
        }
    }

    @Test
    void frozenWithItsBuffersFull_leavesNoStrayInARunTopicWhenItWakes(
            @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path folder) throws Exception {
        try (FaultStack stack = FaultStack.start(folder)) {
            // Given: all that is appended is in the first one's buffers, and it is frozen
            TestStack own = stack.make("frozen");
            try (JavaServer first = connector(own, folder)) {
                first.awaitReady(LIMIT);
                startRuns(own);
                append(own, 3, SMALL);
                first.ask(ConnectorProcess.DRAIN, LIMIT);
                stack.broker().freeze();
                append(own, 10, LARGE);
                int all = 10 * RUNS * EVENTS_PER_APPEND * LANES;
                await(first, health -> Integer.parseInt(health[1]) == all);
                first.freeze();
                stack.broker().thaw();

                // When: another one publishes all of it, and then the first one wakes up
                try (OutboxConnector second = OutboxConnector.start(config(own))) {
                    second.drainOnce(LIMIT);
                    AuditReport before = audit(own, stack);
                    first.thaw();
                    await(first, health -> health[0].equals("STANDBY"));
                    second.drainOnce(LIMIT);
                    AuditReport after = awaitCopiesOnly(own, stack);
                    append(own, 1, SMALL);
                    second.drainOnce(LIMIT);
                    AuditReport later = audit(own, stack);

                    // Then: the firehose may have copies, which readers leave out; which of its
                    // threads woke first, the one that sends or the one that keeps the lease?
                    LOG.info("woken copies={}", after.found());
                    assertEquals(List.of(), before.differences());
                    assertEquals(after.differences(), later.differences());
                }
            }
        }
    }

    /** Audits until nothing is wrong but copies in the firehose, and those do not become more. */
    private static AuditReport awaitCopiesOnly(TestStack own, FaultStack stack)
            throws SQLException, InterruptedException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        String firehose = own.topics().events() + "/";
        AuditReport last = audit(own, stack);
        while (true) {
            AuditReport next = audit(own, stack);
            List<Difference> others =
                    next.differences().stream()
                            .filter(found ->
                                    found.kind() != Difference.Kind.DOUBLED
                                            || !found.where().startsWith(firehose))
                            .toList();
            if (others.isEmpty() && next.equals(last)) {
                assertEquals(next.differences().size(), next.found(), "some are not listed");
                return next;
            }
            assertTrue(System.nanoTime() - deadline < 0, () -> "still there: " + others);
            last = next;
        }
    }

    private static JavaServer connector(TestStack own, Path folder) throws Exception {
        return new JavaServer(
                new JavaServer.Program(
                        ConnectorProcess.class,
                        "512m",
                        ConnectorProcess.arguments(own),
                        ConnectorProcess.STARTED,
                        List.of(
                                ConnectorProcess.DRAINED,
                                ConnectorProcess.NOT_DRAINED,
                                ConnectorProcess.HEALTH),
                        List.of()),
                folder.resolve("first.log"));
    }

    private static ConnectorConfig config(TestStack own) {
        return ConnectorConfig.of(own.postgres(), own.bootstrapServers(), own.topics(), own.slot());
    }

    /** Asks until the health's words are what is wanted. */
    private static void await(JavaServer connector, Predicate<String[]> wanted)
            throws InterruptedException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        String health;
        do {
            assertTrue(System.nanoTime() - deadline < 0, "waited for a health for " + LIMIT);
            health = connector.ask(ConnectorProcess.ASK, LIMIT);
        } while (!wanted.test(health.substring(ConnectorProcess.HEALTH.length()).split(" ")));
    }

    private static void startRuns(TestStack own) throws SQLException {
        execute(own, "select outrun.register_handlers(array['test'])");
        execute(
                own,
                "select outrun.start_run('test', queue => 'q' || i % 10) from generate_series(1, "
                        + RUNS
                        + ") i");
    }

    /** So many appends to every run, each committed by itself with those of all other runs. */
    private static void append(TestStack own, int times, int characters) throws SQLException {
        String data = "\"" + "x".repeat(characters) + "\"";
        String events =
                "[{\"type\":\"a\",\"data\":" + data + "},{\"type\":\"b\",\"data\":" + data + "}]";
        for (int i = 0; i < times; i++) {
            execute(
                    own,
                    "select outrun.append(id, null, '" + events + "') from outrun.run order by id");
        }
    }

    private static void execute(TestStack own, String sql) throws SQLException {
        try (Connection connection = own.dataSource().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static AuditReport audit(TestStack own, FaultStack stack)
            throws SQLException, InterruptedException {
        return Auditor.audit(
                own.postgres(), stack.kafka(), own.topics(), own.slot(), LIMIT, AuditScope.ALL);
    }
}
