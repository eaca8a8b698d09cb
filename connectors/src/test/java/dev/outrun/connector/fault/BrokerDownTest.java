package dev.outrun.connector.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.connector.ConnectorProcess;
import dev.outrun.connector.audit.AuditReport;
import dev.outrun.connector.audit.AuditScope;
import dev.outrun.connector.audit.Auditor;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.process.JavaServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The broker is away while so many seconds' worth of events are written: {@code
 * outrun.faults.broker-down}, 2 by default. Of more than 50, which are larger, the connector could
 * not keep all in its memory.
 */
@Execution(ExecutionMode.SAME_THREAD)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class BrokerDownTest {

    private static final Logger LOG = LoggerFactory.getLogger(BrokerDownTest.class);

    private static final int SECONDS = Integer.getInteger("outrun.faults.broker-down", 2);

    private static final int EVENTS = Writers.EVENTS_PER_SECOND * SECONDS;

    /** Of an event's text. Once more in each lane, if all were kept. */
    private static final int TEXT = SECONDS > 10 ? 5_000 : 700;

    private static final int HEAP_MEGABYTES = 512;

    private static final Duration LIMIT = Duration.ofMinutes(5);

    /** How a broker is away. */
    enum Away {
        KILLED {
            @Override
            void begin(JavaServer broker) throws InterruptedException {
                broker.killAndWait();
            }

            @Override
            void end(JavaServer broker) {
                broker.startAgain();
            }
        },
        FROZEN {
            @Override
            void begin(JavaServer broker) throws InterruptedException {
                broker.freeze();
            }

            @Override
            void end(JavaServer broker) throws InterruptedException {
                broker.thaw();
            }
        };

        abstract void begin(JavaServer broker) throws InterruptedException;

        abstract void end(JavaServer broker) throws InterruptedException;
    }

    @ParameterizedTest
    @EnumSource
    void broker_awayWhileEventsAreWritten_holdsUpNoWriterAndLosesNothing(
            Away away, @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path folder) throws Exception {
        try (FaultStack stack = FaultStack.start(folder)) {
            // Given
            TestStack own = stack.make("broker_down");
            try (JavaServer connector = connector(own, folder)) {
                connector.awaitReady(LIMIT);
                long pid = connector.pid();
                register(own);
                try (Writers writers =
                        new Writers(own.dataSource()::getConnection, 1, TEXT - 500, TEXT + 500)) {
                    Phase before = write(writers, connector, EVENTS / 2);
                    String heapBefore = connector.ask(ConnectorProcess.ASK_HEAP, LIMIT);

                    // When
                    away.begin(stack.broker());
                    Phase during = write(writers, connector, EVENTS);
                    String health = connector.ask(ConnectorProcess.ASK, LIMIT);
                    String heapDuring = connector.ask(ConnectorProcess.ASK_HEAP, LIMIT);
                    away.end(stack.broker());
                    long begin = System.nanoTime();
                    assertEquals(
                            ConnectorProcess.DRAINED, connector.ask(ConnectorProcess.DRAIN, LIMIT));
                    Duration caughtUp = Duration.ofNanos(System.nanoTime() - begin);
                    writers.stop(LIMIT);
                    LOG.info(
                            "away={} before: {} {} during: {} {} {} caught_up_in={}",
                            away,
                            before,
                            heapBefore,
                            during,
                            heapDuring,
                            health,
                            caughtUp);

                    // Then
                    assertTrue(health.startsWith(ConnectorProcess.HEALTH + "RUNNING"), health);
                    assertNull(writers.trouble());
                }
                assertEquals(
                        ConnectorProcess.DRAINED, connector.ask(ConnectorProcess.DRAIN, LIMIT));
                assertEquals(pid, connector.pid());
                AuditReport report =
                        Auditor.audit(
                                own.postgres(),
                                stack.kafka(),
                                own.topics(),
                                own.slot(),
                                LIMIT,
                                AuditScope.ALL);
                assertEquals(List.of(), report.differences());
                assertTrue(report.events() > EVENTS);
            }
        }
    }

    /** How it went for the writers. */
    private record Phase(int events, Duration length, List<Long> latencies) {

        @Override
        public String toString() {
            return "events=%d per_second=%d transaction_ms p50=%.1f p99=%.1f"
                    .formatted(
                            events,
                            events * 1_000L / length.toMillis(),
                            latencies.get(latencies.size() / 2) / 1e6,
                            latencies.get(latencies.size() * 99 / 100) / 1e6);
        }
    }

    /** Lets them write so many events, which does not depend on anybody who reads. */
    private static Phase write(Writers writers, JavaServer connector, int events)
            throws InterruptedException {
        writers.takeLatencies();
        long begin = System.nanoTime();
        int written = writers.awaitWritten(events, LIMIT);
        Duration length = Duration.ofNanos(System.nanoTime() - begin);
        assertTrue(written >= events, () -> "only " + written + " events of " + events);
        assertNull(connector.trouble());
        return new Phase(written, length, writers.takeLatencies());
    }

    private static void register(TestStack own) throws Exception {
        try (Connection connection = own.dataSource().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("select outrun.register_handlers(array['test'])");
        }
    }

    private static JavaServer connector(TestStack own, Path folder) throws Exception {
        return new JavaServer(
                new JavaServer.Program(
                        ConnectorProcess.class,
                        HEAP_MEGABYTES + "m",
                        ConnectorProcess.arguments(own),
                        ConnectorProcess.STARTED,
                        List.of(
                                ConnectorProcess.DRAINED,
                                ConnectorProcess.NOT_DRAINED,
                                ConnectorProcess.HEALTH,
                                ConnectorProcess.HEAP),
                        List.of(
                                ConnectorProcess.REFUSED,
                                "connector halted",
                                "run halted",
                                "OutOfMemoryError",
                                "making a run topic anew")),
                folder.resolve("connector.log"));
    }
}
