package dev.outrun.connector.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.connector.ConnectorProcess;
import dev.outrun.connector.Interleaved;
import dev.outrun.connector.audit.AuditScope;
import dev.outrun.connector.audit.Auditor;
import dev.outrun.connector.audit.Difference;
import dev.outrun.connector.publish.Checkpoints;
import dev.outrun.connector.topic.PlatformTopics;
import dev.outrun.devstack.EmbeddedPostgres;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import dev.outrun.teststack.process.JavaServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * A connector that is killed after so many appends, while transactions are open; on a Postgres of
 * its own, since whoever makes a slot waits for all open transactions of a server.
 */
@ExtendWith(TestStackExtension.class)
@Timeout(value = 5, unit = TimeUnit.MINUTES)
final class RestartProcessTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int KILLS = 3;

    @Test
    void killed_afterAnyAppend_losesAndDoublesNothing(
            TestStack shared, @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path folder)
            throws Exception {
        try (EmbeddedPostgres postgres =
                EmbeddedPostgres.start(
                        EmbeddedPostgres.Settings.throwaway(folder.resolve("postgres")))) {
            killAndStart(shared.on(postgres.address()), folder);
        }
    }

    private static void killAndStart(TestStack stack, Path folder) throws Exception {
        // Given
        KafkaAddress kafka = new KafkaAddress(stack.bootstrapServers(), Map.of());
        PlatformTopics.create(kafka, stack.topics(), TestStack.SHARDS);
        try (JavaServer connector = connector(stack, folder);
                Interleaved writers = new Interleaved(stack.dataSource(), 3)) {

            connector.awaitReady(LIMIT);
            awaitCheckpoint(stack, kafka); // without one the slot is made anew

            // When
            for (int appends = 1; appends <= KILLS; appends++) {
                connector.awaitReady(LIMIT);
                writers.commit(appends);
                tell(connector, ConnectorProcess.DRAIN, ConnectorProcess.DRAINED);
                tell(connector, ConnectorProcess.PAUSE, ConnectorProcess.DONE);
                writers.commit(appends + 1);
                tell(connector, ConnectorProcess.STEP + appends, ConnectorProcess.DONE);
                assertTrue(writers.open() > 0);
                connector.kill();
            }
            connector.awaitReady(LIMIT);
            writers.commitAll();
            tell(connector, ConnectorProcess.DRAIN, ConnectorProcess.DRAINED);

            // Then
            assertEquals(List.of(), audit(stack, kafka));
        }
    }

    private static void awaitCheckpoint(TestStack stack, KafkaAddress kafka) {
        while (Checkpoints.read(kafka, stack.topics().checkpoints(), LIMIT).isEmpty()) {
            Thread.onSpinWait();
        }
    }

    private static List<Difference> audit(TestStack stack, KafkaAddress kafka)
            throws InterruptedException {
        return Auditor.audit(
                        stack.postgres(),
                        kafka,
                        stack.topics(),
                        stack.slot(),
                        LIMIT,
                        AuditScope.ALL)
                .differences();
    }

    private static void tell(JavaServer connector, String what, String answer)
            throws InterruptedException {
        assertEquals(answer, connector.ask(what, LIMIT));
    }

    private static JavaServer connector(TestStack stack, Path folder) throws Exception {
        return new JavaServer(
                new JavaServer.Program(
                        ConnectorProcess.class,
                        "512m",
                        ConnectorProcess.arguments(stack),
                        ConnectorProcess.STARTED,
                        List.of(
                                ConnectorProcess.DRAINED,
                                ConnectorProcess.NOT_DRAINED,
                                ConnectorProcess.DONE),
                        List.of()),
                folder.resolve("connector.log"));
    }
}
